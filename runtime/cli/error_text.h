// The errors of spec/errors.yaml as text for a terminal, of a program whose documents may not be at hand. Shown by `torchport
// explain`; docs/reference/error-codes.md is the same as a page.
#pragma once
#include <string>
#include <string_view>

namespace torchport::runtime {

/// All errors by name and code, and what the exit statuses mean.
std::string errors_text();
/// {"errors": [{name, code, exit_status, title}], "exit_statuses": [{exit_status, meaning}]}
std::string errors_json();

/// Every sentence and hint of one, by its name with or without "Error", in any case, or by its code. Of a number that is no code
/// but an exit status: what that means, and which errors end so. \throws Error ParameterParsing.unknown_error, .unknown_number
std::string error_text(std::string_view name);
/// {name, code, exit_status, title, "reasons": [{reason, message, hint, exit_status}]}, or {exit_status, meaning, errors},
/// likewise.
std::string error_json(std::string_view name);

}  // namespace torchport::runtime
