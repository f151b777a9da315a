#!/usr/bin/env bash
# man_page.sh PROGRAM FILE: torchport's manual page, from what PROGRAM says of itself. Run when it is installed.
set -euo pipefail
program="$1"
verbatim() { sed -e 's/\\/\\e/g' -e 's/-/\\-/g' -e "s/^\\([.']\\)/\\\\\\&\\1/"; }
help="$("$program" --help)"
mapfile -t commands < <(sed -n 's/^  torchport \([a-z][a-z-]*\).*/\1/p' <<<"$help" | sort -u)
((${#commands[@]} > 5)) || { echo "man_page: $program --help names ${#commands[@]} commands" >&2; exit 1; }
{
  printf '.TH TORCHPORT 1 "" "%s" "User commands"\n' "$("$program" --version | head -1)"
  printf '.SH NAME\ntorchport \\- %s\n' "$(head -1 <<<"$help" | sed 's/^torchport: //' | verbatim)"
  printf '.SH SYNOPSIS\n.B torchport\n[\\fB\\-\\-spec\\-dir\\fR \\fIDIR\\fR] \\fICOMMAND\\fR ...\n'
  printf '.SH COMMANDS\n.nf\n'
  tail -n +2 <<<"$help" | verbatim
  printf '.fi\n'
  for command in "${commands[@]}"; do
    printf '.SS torchport %s\n.nf\n' "$(verbatim <<<"$command")"
    "$program" "$command" --help | verbatim
    printf '.fi\n'
  done
  printf '.SH SEE ALSO\n.BR mpirun (1)\n.PP\nExamples are in /usr/share/doc/torchport/examples.\n'
} >"$2"
