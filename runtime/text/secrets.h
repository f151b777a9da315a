// What addresses carry besides a place: names, passwords, signatures and tokens. Taken out wherever a text is recorded or shown: by
// errors, the log, run.json, pipeline.json and the tables of the command line.
#pragma once
#include <string>
#include <string_view>

namespace torchport::runtime {

/// The text with *** for the user and password of each address (`https://user:password@host`), for all of its query and fragment
/// (`?sig=...`), and for the values of well-known secrets (`sig=`, `token=`, `X-Amz-...=`) of an address without a scheme.
std::string without_secrets(std::string_view text);

}  // namespace torchport::runtime
