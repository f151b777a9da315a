// Where Convert to Image Directory takes images from: datasets/sources/formats/<name>.cpp recognises one layout and lists its
// images.
#pragma once
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "datasets/codecs/decode.h"
#include "datasets/codecs/stored.h"
#include "datasets/sources/account.h"
#include "datasets/sources/image_walk.h"
#include "datasets/sources/path_map.h"
#include "runtime/files/output_directory.h"
#include "runtime/report/log.h"
#include "runtime/spec/table.h"

namespace torchport::datasets {

struct SourceOptions {
  std::filesystem::path path;            ///< folder; open_source takes an archive or a label file as well
  std::string subset;                    ///< of formats that hold several: "train" or "test"
  std::vector<MappedPrefix> path_map{};  ///< where the images of label files lie
  std::vector<std::string> labels{};     ///< category names in id order, for formats that only number them; may be empty
  runtime::Log* log = nullptr;           ///< for files that are passed over
  std::function<std::filesystem::path()> scratch{};  ///< gives the folder to unpack archives into
  int threads = 1;                                   ///< that read headers
  Links links = Links::follow;                       ///< what becomes of symbolic links
  std::filesystem::path output{};                    ///< where the ImageDirectory will be; named in advice
  std::filesystem::path archive{};                   ///< what `path` was unpacked from, if it was
  std::filesystem::path label_file{};                ///< the one file of `path` that counts: all its images lie in path_map
  std::filesystem::path own{};                       ///< a folder of the running program, which may lie in `path`
  bool guessed = false;                              ///< the format was not asked for by its name; set by open_source
};

class ImageDirectory;

/// The images that a source offers, in the order of the ImageDirectory to be.
struct ImageSource {
  struct Item {
    std::string file_name;              ///< path below the source; of labelled images only the extension is kept
    std::optional<std::int32_t> label;  ///< class index
    std::string origin;                 ///< the image file, or words for where the bytes come from
    ImageSize size{};                   ///< of a file's image; 0 x 0 where nobody has looked
    Stored stored{};                    ///< of a file
  };
  std::optional<std::vector<std::string>> categories;  ///< in id order; absent = unlabelled
  std::vector<Item> items;
  std::function<std::string(std::size_t)>
      read;                  ///< the bytes of item i; absent where the origins are files, to be taken as they are
  bool keeps_names = false;  ///< labelled images keep their file_name, too
  bool in_scratch = false;   ///< all origins lie in the scratch folder
  /// Of SourceOptions::path_map: no address begins with them. Absent where the format has no addresses.
  std::optional<std::vector<std::string>> unused_prefixes{};
  Account account{};                                  ///< of what is not among the items
  std::shared_ptr<const ImageDirectory> directory{};  ///< the items are images of one that was in an archive, and stay as they are
  std::vector<std::uint32_t> rows{};                  ///< of the directory's index, for each item
  std::string archive;                                ///< that was unpacked, as it was given; "" where none was
  std::filesystem::path unpacked;                     ///< where to
  /// The path that an item came from, for the user: as the input was given, or "photos.zip!cat/1.jpg".
  std::string shown_origin(const Item& item) const;
};

/// The generated table of datasets/sources/formats/. A function returns nothing where the folder is not of its format.
/// \throws Error InvalidDataset.* where it is, but broken.
const runtime::Table<std::optional<ImageSource>(const SourceOptions&)>& formats();

/// Opens a folder or an archive as `format`, or, of "auto", the first that fits of: the formats that files of their own announce; a
/// compressed file at the top of the folder, unpacked; class_folders; flat. An ImageDirectory in an archive is opened as what it
/// is. \throws Error InvalidDataset.not_this_format, no_images, already_converted, unsupported_input, CouldNotOpenFile.file, and
/// what unpack, the formats and keep_readable throw
ImageSource open_source(const std::string& format, const SourceOptions& options);

/// Keeps `limit` items (or all, if there are fewer), the same share of every category but at least one, chosen by `seed`; order is
/// kept. \throws Error GreaterThanOrEqualTo.limit where there are more categories than that
void limit_items(ImageSource& source, std::int64_t limit, std::int64_t seed);

/// Makes an ImageDirectory of all items and publishes it. Labelled images become "image/<class>_<index><extension>", others keep
/// their path. Files are copied on `threads` threads. \throws Error CouldNotOpenFile.file, ModuleOutOfMemory.disk before the first
/// file, and what OutputDirectory throws
void write_image_directory(const ImageSource& source, runtime::OutputDirectory& output, int threads, runtime::Log* log = nullptr);

}  // namespace torchport::datasets
