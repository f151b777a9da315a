// Finds a network's entries among those of a file that anybody may have written: which of its state dicts they are in, and under
// which prefix. Called by load_weights_file.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "models/weights/state_dict_file.h"

namespace torchport::models {

/// Where a file has a network's entries.
struct Match {
  std::size_t part = 0;                           ///< of StateDictFile::parts()
  std::string prefix;                             ///< before the network's keys: "", "module._orig_mod.", "module.encoder_q."
  std::vector<std::optional<std::size_t>> found;  ///< for each entry of the network the file's, whatever its shape
  std::vector<std::size_t> extra;                 ///< entries of the part that are none of the network's
  std::size_t fits = 0;                           ///< how many of the network's entries are there in their shape
  std::vector<std::string> rivals;                ///< other places where as many fit
};

/// The part and the prefix under which most of `network`'s entries are found by name and shape; of equals none that is called an
/// average or a follower (average_name.h), and then the first. `head`, as "fc", counts for nothing, because its classes may be
/// others. Wrappers inside of a key (torch.compile's or FSDP's of a single layer) and older spellings ("norm.1" for "norm1") are
/// seen through.
Match match_weights(const StateDictFile& file, const std::vector<TensorEntry>& network, std::string_view head);

/// Whether an extra entry shows that the file is of a larger network: it lies in one of the network's own modules, and is not a
/// single number that some tool counts with.
bool belongs_to_larger_network(const TensorEntry& extra, const Match& match, const std::vector<TensorEntry>& network,
                               std::string_view head);

}  // namespace torchport::models
