#include "datasets/sources/image_source.h"

#include <random>

#include "datasets/directory/image_directory_form.h"
#include "datasets/directory/image_subset.h"
#include "datasets/sources/archive.h"
#include "datasets/sources/archive_kind.h"
#include "datasets/sources/image_tree.h"
#include "datasets/sources/label_source.h"
#include "datasets/sources/packed_directory.h"
#include "runtime/error/error.h"
#include "runtime/files/files.h"
#include "runtime/files/output_directory.h"
#include "runtime/files/space.h"
#include "runtime/files/stamp.h"
#include "runtime/report/progress_line.h"
#include "runtime/text/lower.h"
#include "runtime/text/text.h"

namespace torchport::datasets {
namespace fs = std::filesystem;
using runtime::Error;
namespace {

constexpr const char* kWhat = "input";
constexpr std::size_t kNamed = 3;  ///< of what is beside an archive

/// The formats that any folder of images fits; they are asked last.
const std::vector<std::string>& guesses() {
  static const std::vector<std::string> names = {"class_folders", "flat"};
  return names;
}

/// The first compressed file at the top of a folder, by name, or nothing.
std::optional<fs::path> archive_in(const fs::path& folder, Links links) {
  std::set<fs::path> found;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder)) {
    if (!is_users(entry.path()) || !is_archive_name(entry.path()) || (links != Links::follow && entry.is_symlink())) continue;
    std::error_code none;  // a link in a circle is no file
    if (entry.is_regular_file(none) && holds_files(entry.path())) found.insert(entry.path());
  }
  return found.empty() ? std::nullopt : std::optional(*found.begin());
}

std::set<fs::path> folders_in(const fs::path& folder) {
  std::set<fs::path> found;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder)) {
    if (is_users(entry.path()) && fs::is_directory(entry.symlink_status())) found.insert(entry.path());
  }
  return found;
}

/// Opens one input, step by step.
class Opener {
 public:
  Opener(const std::string& format, const SourceOptions& options) : format_(format), options_(options) {
    options_.guessed = format == "auto";
  }

  ImageSource open() {
    try {
      return opened();
    } catch (const Error& error) {
      throw without_scratch(error);
    }
  }

 private:
  ImageSource opened() {
    const fs::path given = options_.path;
    const runtime::Fields fields = {{"what", kWhat}, {"path", given.string()}, {"format", format_}};
    if (!fs::is_directory(given)) {
      if (is_label_file(given)) return labelled(given, fields);
      const ArchiveKind kind = fs::is_regular_file(given) ? archive_kind(given) : ArchiveKind::none;
      if (kind == ArchiveKind::unread) throw Error("InvalidDataset.unread_archive", fields, {{"unpack", unpacking(given).command}});
      if (kind == ArchiveKind::none && !(fs::is_regular_file(given) && is_archive_name(given)))
        throw Error("InvalidDataset.unsupported_input", fields);
      unpack_from(given);
    }
    return found(find_directory(fields), fields);
  }

  /// A label file by itself. What lies around it is none of the input, so its images must be where --path_map says.
  ImageSource labelled(const fs::path& file, runtime::Fields fields) {
    const fs::path folder = file.parent_path().empty() ? "." : file.parent_path();
    fields["folder"] = folder.string();
    if (options_.path_map.empty()) throw Error("InvalidDataset.label_file_alone", fields);
    options_.path = folder;
    options_.label_file = file;
    for (const char* const name : {"jsonl", "csv"})
      if (format_ == name || format_ == "auto")
        if (auto source = formats().at(name)(options_)) return found(std::move(source), fields);
    refuse_other_table(format_, options_);
    throw Error("InvalidDataset.label_file_alone", fields);
  }

  ImageSource found(std::optional<ImageSource> source, const runtime::Fields& fields) {
    if (!source) source = format_ == "auto" ? find(fields) : formats().at(format_)(options_);
    if (!source || (source->items.empty() && !source->unused_prefixes)) refuse_other_table(format_, options_);
    if (!source && format_ != "auto") throw Error("InvalidDataset.not_this_format", fields);
    if (!source || source->items.empty()) throw Error("InvalidDataset.no_images", fields, found_instead(source));
    const auto unpacked = [&](const ImageSource::Item& item) { return item.origin.starts_with((options_.path / "").string()); };
    // Images that a label file names elsewhere stay where they are.
    for (const std::string& prefix : source->unused_prefixes.value_or(unused_prefixes(options_.path_map, {})))
      source->account.remark("--path_map: no address begins with " + (prefix.empty() ? "''" : prefix));
    source->in_scratch = !options_.archive.empty() && std::all_of(source->items.begin(), source->items.end(), unpacked);
    source->account.add(account_);
    source->archive = options_.archive.string();
    if (!options_.archive.empty()) source->unpacked = options_.path;
    return std::move(*source);
  }

  std::optional<ImageSource> find(const runtime::Fields& fields) {
    std::optional<ImageSource> source = find_announced();
    if (source) return source;
    const auto archive = options_.archive.empty() ? archive_in(options_.path, options_.links) : std::nullopt;
    if (archive) {
      account_.remark("Only " + archive->string() + " is taken: the rest of its folder does not count" + rest_of(*archive));
      unpack_from(*archive);
      source = find_directory(fields);
      if (!source) source = find_announced();
    }
    for (const std::string& name : guesses()) {
      if (!source) source = formats().at(name)(options_);
    }
    const auto deeper = [](const ImageSource::Item& item) { return item.file_name.find('/') != std::string::npos; };
    const auto deep = source->categories ? source->items.end() : std::find_if(source->items.begin(), source->items.end(), deeper);
    if (deep != source->items.end()) {
      const std::string file = source_name(*deep);
      const fs::path folder = fs::path(file).parent_path().parent_path();
      account_.remark("Folders are no categories here: no image lies exactly one folder deep. If '" +
                      fs::path(file).parent_path().filename().string() +
                      "' is one, give the folder that it is in: " + folder.string());
    }
    if (source->categories && source->categories->size() == 1)
      account_.remark(
          "Only one category, '" + source->categories->front() +
          "': a network has nothing to tell apart. Labels are read from folders, label files, COCO files and IDX files only.");
    return source;
  }

  /// What lies beside an archive, in words behind a sentence without its full stop.
  std::string rest_of(const fs::path& archive) const {
    std::vector<std::string> names;
    for (const fs::directory_entry& entry : fs::directory_iterator(options_.path))
      if (is_users(entry.path()) && entry.path() != archive) names.push_back(entry.path().filename().string());
    std::sort(names.begin(), names.end());
    const std::size_t count = names.size();
    if (count == 0) return ".";
    names.resize(std::min(kNamed, count));
    return ": " + runtime::join(names, ", ") + (count > kNamed ? " and " + std::to_string(count - kNamed) + " more" : "") +
           ". --format=class_folders goes by the folders instead.";
  }

  /// A file's place in what the user gave.
  std::string source_name(const ImageSource::Item& item) const {
    if (options_.archive.empty()) return item.origin;
    return (unpacking(options_.archive).folder / fs::path(item.origin).lexically_relative(options_.path)).string();
  }

  /// What became of an error in what an archive held: the folder that it was unpacked into is gone when it is read.
  Error without_scratch(const Error& error) const {
    if (options_.archive.empty()) return error;
    const auto quoted = [](const std::string& text) {
      const std::string json = nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
      return json.substr(1, json.size() - 2);
    };
    std::string text = error.encode();
    const std::string scratch = quoted(options_.path.string());
    for (std::size_t at = text.find(scratch); at != text.npos; at = text.find(scratch, at))
      text.replace(at, scratch.size() + (text.substr(at + scratch.size(), 1) == "/"), quoted(options_.archive.string() + "!"));
    return Error::decode(text);
  }

  std::optional<ImageSource> find_announced() const {
    for (const auto& [name, open] : formats()) {
      if (std::count(guesses().begin(), guesses().end(), name)) continue;
      if (auto source = open(options_)) return source;
    }
    return std::nullopt;
  }

  void unpack_from(const fs::path& archive) {
    if (!options_.scratch) throw std::logic_error("there is no place to unpack an archive");
    options_.archive = archive;
    options_.path = options_.scratch();
    const std::uint64_t files = unpack(archive, options_.path, {}, &account_);
    if (options_.log) options_.log->info(std::to_string(files) + " files were unpacked from " + archive.string());
  }

  /// An ImageDirectory that was packed; one that was not needs no conversion.
  std::optional<ImageSource> find_directory(const runtime::Fields& fields) const {
    fs::path root = options_.path;
    while (!fs::exists(root / "_meta.yaml")) {
      const std::set<fs::path> folders = folders_in(root);
      const bool all =
          std::all_of(folders.begin(), folders.end(), [](const fs::path& at) { return fs::exists(at / "_meta.yaml"); });
      if (folders.size() > 1 && all) {
        const std::string two = folders.begin()->filename().string() + ", " + std::next(folders.begin())->filename().string();
        throw Error("InvalidDataset.converted_parts", {{"what", kWhat}, {"path", fields.at("path")}, {"names", two}});
      }
      if (folders.size() != 1) return std::nullopt;
      root = *folders.begin();
    }
    if (options_.archive.empty()) throw Error("InvalidDataset.already_converted", fields);
    if (options_.log) options_.log->info("The archive holds an image directory, which is taken as it is");
    return packed_directory(root, options_.threads);
  }

  /// What there was, in place of images.
  std::vector<runtime::Detail> found_instead(const std::optional<ImageSource>& source) const {
    std::vector<runtime::Detail> rows;
    Account all = account_;
    if (source) all.add(source->account);
    for (const Account::Line& line : all.lines()) rows.push_back({"found", line.text});
    if (const auto table = fault_of_table(options_)) rows.push_back({"found", table->what()});
    for (runtime::Detail& row : unpacking_of_all(options_.path, options_.archive)) rows.push_back(std::move(row));
    return rows;
  }

  std::string format_;
  SourceOptions options_;
  Account account_;
};

/// How many of `limit` each group gets: its share rounded down, the rest to the largest remainders, at least one each.
std::vector<std::size_t> shares(const std::vector<std::size_t>& sizes, std::size_t limit, std::size_t total) {
  std::vector<std::size_t> share(sizes.size()), order;
  std::size_t given = 0;
  for (std::size_t g = 0; g < sizes.size(); ++g) {
    share[g] = std::max<std::size_t>(limit * sizes[g] / total, sizes[g] > 0);
    given += share[g];
    order.push_back(g);
  }
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return limit * sizes[a] % total > limit * sizes[b] % total; });
  for (std::size_t k = 0; given < limit; k = (k + 1) % order.size()) {
    if (share[order[k]] == sizes[order[k]]) continue;
    ++share[order[k]];
    ++given;
  }
  while (given > limit) {  // small groups were raised to one: the largest pays
    --*std::max_element(share.begin(), share.end());
    --given;
  }
  return share;
}

}  // namespace

std::string ImageSource::shown_origin(const Item& item) const {
  const std::string folder = unpacked.string() + "/";
  return archive.empty() || !item.origin.starts_with(folder) ? item.origin : archive + "!" + item.origin.substr(folder.size());
}

ImageSource open_source(const std::string& format, const SourceOptions& options) {
  try {
    return Opener(format, options).open();
  } catch (const fs::filesystem_error& error) {
    throw Error("CouldNotOpenFile.file", {{"path", error.path1().string()}, {"reason", error.code().message()}});
  }
}

void limit_items(ImageSource& source, std::int64_t limit, std::int64_t seed) {
  const std::size_t total = source.items.size(), most = static_cast<std::size_t>(limit);
  if (most >= total) return;
  std::vector<std::vector<std::size_t>> groups(source.categories ? source.categories->size() : 1);
  for (std::size_t i = 0; i < total; ++i) groups[static_cast<std::size_t>(source.items[i].label.value_or(0))].push_back(i);
  std::vector<std::size_t> sizes;
  for (const auto& group : groups) sizes.push_back(group.size());
  const auto filled =
      static_cast<std::size_t>(std::count_if(sizes.begin(), sizes.end(), [](std::size_t size) { return size > 0; }));
  if (most < filled) throw Error("GreaterThanOrEqualTo.limit", {{"value", std::to_string(limit)}, {"low", std::to_string(filled)}});
  const std::vector<std::size_t> share = shares(sizes, most, total);
  std::mt19937_64 random(static_cast<std::uint64_t>(seed));
  std::vector<std::size_t> kept;
  for (std::size_t g = 0; g < groups.size(); ++g) {
    std::vector<std::size_t>& group = groups[g];
    for (std::size_t k = 0; k < share[g]; ++k) {  // the beginning of a Fisher-Yates shuffle, the same on every standard library
      std::swap(group[k], group[k + random() % (group.size() - k)]);
      kept.push_back(group[k]);
    }
  }
  std::sort(kept.begin(), kept.end());
  std::vector<ImageSource::Item> items;
  for (const std::size_t i : kept) items.push_back(std::move(source.items[i]));
  source.items = std::move(items);
  if (source.directory) {
    std::vector<std::uint32_t> rows;
    for (const std::size_t i : kept) rows.push_back(source.rows[i]);
    source.rows = std::move(rows);
  }
  if (!source.read) return;
  source.read = [read = std::move(source.read), kept = std::move(kept)](std::size_t i) { return read(kept[i]); };
}

void write_image_directory(const ImageSource& source, runtime::OutputDirectory& output, int threads, runtime::Log* log) {
  if (source.directory) {
    const ImageSource::Item root{"", std::nullopt, (source.directory->root() / "").string()};
    write_subsets(*source.directory, {{source.rows, output}}, runtime::Sharing::inode, threads,
                  nullptr,  // what is linked is scratch
                  source.shown_origin(root));
    return;
  }
  using Transfer = ImageDirectoryWriter::Transfer;
  const Transfer how = source.in_scratch ? Transfer::move : Transfer::copy;
  const std::size_t count = source.items.size();
  const auto from = [&](std::size_t i) { return fs::path(source.items[i].origin); };
  if (!source.read && how == Transfer::copy) runtime::check_space({{count, from, output.staging()}});
  const auto name = [&](std::size_t i) {
    const ImageSource::Item& item = source.items[i];
    const std::string file = item.file_name + item.stored.suffix;
    return source.keeps_names ? "image/" + file : converted_name(file, item.label, i);
  };
  ImageDirectoryWriter writer(output, source.categories);
  runtime::ProgressLine line(log, "converting", count);
  if (source.read) {
    for (std::size_t i = 0; i < count; ++i, line.done()) {
      try {
        writer.add(name(i), source.read(i), source.items[i].label, std::nullopt, {source.shown_origin(source.items[i])});
      } catch (const std::runtime_error& error) {
        throw Error("CouldNotOpenFile.file", {{"path", source.items[i].origin}, {"reason", error.what()}});
      }
    }
  } else {
    const auto file = [&](std::size_t i) {
      const ImageSource::Item& item = source.items[i];
      ImageDirectoryWriter::File one{name(i), item.label, std::nullopt, item.size, {source.shown_origin(item)}, {}};
      if (item.stored.as_png) one.make = [&item] { return as_png(runtime::read_file(item.origin, kMaxImageFile)); };
      return one;
    };
    const auto next_from = [&](std::size_t i) {
      line.done();
      return from(i);
    };
    writer.add_files(count, file, next_from, how, threads);
    for (std::size_t i = 0; i < count; ++i) {
      const ImageSource::Item& item = source.items[i];
      const auto taken = item.stored.as_png ? std::nullopt : runtime::stamp_of(output.path(name(i)));
      if (taken && taken->bytes != item.stored.bytes) throw Error("UserError.changed_image", {{"path", item.origin}});
    }
  }
  writer.publish();
}

}  // namespace torchport::datasets
