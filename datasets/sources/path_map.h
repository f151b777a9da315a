// From the addresses of images in label files to files of this machine: by --path_map, or by the end of each address below the
// input. Used by the formats of label files.
#pragma once
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "datasets/sources/image_walk.h"

namespace torchport::datasets {

/// PREFIX=FOLDER: what begins with the text PREFIX lies in FOLDER.
struct MappedPrefix {
  std::string prefix;
  std::filesystem::path folder;
};

/// Splits lines of "PREFIX=FOLDER" at the last equal sign. An empty prefix fits all addresses. \throws Error
/// ParameterParsing.path_map
std::vector<MappedPrefix> read_path_map(std::string_view text);

/// The path in an address: without AmlDatastore://STORE/, azureml://…/paths/, https://ACCOUNT/CONTAINER/ and the query of a web
/// address, with %20 and the like decoded. A path that is no address loses a slash at its beginning.
std::string path_in(std::string_view address);

/// The file that the longest fitting prefix gives, with %20 and the like decoded, and with \ as / where there is no file of that
/// name; nothing where no prefix fits. \throws Error InvalidDataset.mapped_outside where it would leave its folder by "..", or,
/// unless `links` allows it, .mapped_link by a link
std::optional<std::filesystem::path> mapped(const std::vector<MappedPrefix>& map, std::string_view address, Links links);

/// The prefixes that none of these addresses begins with, as they were given.
std::vector<std::string> unused_prefixes(const std::vector<MappedPrefix>& map, const std::vector<std::string>& addresses);

/// "In N addresses \ is read as /" and the first of them, where the file of an address has none; else "". The two are of one order.
std::string read_as_slashes(const std::vector<std::string>& addresses, const std::vector<std::filesystem::path>& files);

/// The longest folder that all of these addresses begin with which begin as the first does: to be said in --path_map.
std::string common_head(const std::vector<std::string_view>& addresses);

/// Where images are looked for that no prefix fits.
struct ImagePlaces {
  std::filesystem::path root;              ///< of all images
  std::string beside;                      ///< the label file's folder below it: "" or with a slash at its end
  const std::vector<std::string>& images;  ///< below the root, sorted
};

struct FoundImages {
  std::vector<std::filesystem::path> files;  ///< of all addresses, in their order
  std::vector<std::string> notes;            ///< by what end of their addresses, and what was read as something else, in words
};

/// A relative path is looked for beside the label file first; the others below the root by the longest end of their paths that is
/// there for all of them. \throws Error InvalidDataset.label_images, .mapped_images where some are not there
FoundImages find_images(const std::vector<std::string>& addresses, const std::vector<MappedPrefix>& map, Links links,
                        const ImagePlaces& places);

}  // namespace torchport::datasets
