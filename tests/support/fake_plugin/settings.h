// What the module of tests pretends: TORCHPORT_FAKE_GPU="gpus=2 bus@1=0000:02:00.0" says what differs from one good GPU, on all
// ranks or on one. Used by tests/support/fake_plugin/*.cpp.
#pragma once
#include <string>

namespace torchport::test::fake_plugin {

/// This process's, by mpirun's account.
int rank();
std::string setting(const std::string& key, const std::string& otherwise);
int number(const std::string& key, int otherwise);

/// Why the last call failed.
std::string& last_error();

}  // namespace torchport::test::fake_plugin
