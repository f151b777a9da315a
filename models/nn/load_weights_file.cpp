#include "models/nn/load_weights_file.h"

#include <torch/torch.h>

#include "models/nn/conversions.h"
#include "models/nn/state_dict.h"
#include "models/weights/match.h"
#include "models/weights/mismatches.h"
#include "runtime/error/error.h"
#include "runtime/text/text.h"

namespace torchport::models {
namespace {

constexpr std::size_t kNamed = 3;  ///< how many of many names are told

/// "'a', 'b', 'c' and 119 more"
std::string first_names(const std::vector<std::string>& names) {
  std::vector<std::string> shown;
  for (std::size_t i = 0; i < std::min(kNamed, names.size()); ++i)
    shown.push_back("'" + runtime::visible(names[i].substr(0, 100)) + "'");
  return runtime::join(shown, ", ") + (names.size() > kNamed ? " and " + std::to_string(names.size() - kNamed) + " more" : "");
}

/// A file against the network that it is to go into.
class Loading {
 public:
  Loading(ClassifierModule& network, const StateDictFile& file, const ModelSpec& spec, std::string_view what)
      : network_(network),
        file_(file),
        spec_(spec),
        what_(what),
        head_(spec.component->architecture->head),
        own_(entries_of(network, "", head_, network.named_parameters()[head_ + ".bias"].size(0))),
        match_(match_weights(file, own_, head_)) {}

  FileWeights load() {
    const Head head = compare_heads();
    check(head);
    copy(head);
    FileWeights result{head, head_outputs(), {}, {}};
    tell_place(result);
    tell_rest(result);
    return result;
  }

 private:
  const StateDictPart& part() const { return file_.parts()[match_.part]; }
  bool is_of_head(std::size_t i) const { return own_[i].key == head_ + ".weight" || own_[i].key == head_ + ".bias"; }
  std::optional<std::size_t> find(const std::string& key) const {
    const auto own = std::find_if(own_.begin(), own_.end(), [&](const TensorEntry& entry) { return entry.key == key; });
    return match_.found[static_cast<std::size_t>(own - own_.begin())];
  }

  std::optional<std::int64_t> head_outputs() const {
    const auto weight = find(head_ + ".weight");
    if (!weight || file_.entries()[*weight].shape.empty()) return std::nullopt;
    return file_.entries()[*weight].shape[0];
  }

  /// Whether the file has the network's head: its weight and bias with the classes of the network, or not at all.
  Head compare_heads() const {
    const auto weight = find(head_ + ".weight"), bias = find(head_ + ".bias");
    if (!weight && !bias) return Head::remade;
    const auto classes = [&](std::size_t i) { return file_.entries()[i].shape.empty() ? -1 : file_.entries()[i].shape[0]; };
    const std::int64_t own = network_.named_parameters()[head_ + ".bias"].size(0);
    const bool other = weight && classes(*weight) != own && (!bias || classes(*bias) == classes(*weight));
    return other ? Head::remade : Head::kept;
  }

  void check(Head head) const {
    Mismatches mismatches;
    for (std::size_t i = 0; i < own_.size(); ++i) {
      const TensorEntry* const given = match_.found[i] ? &file_.entries()[*match_.found[i]] : nullptr;
      TensorEntry wanted = own_[i];
      wanted.key = match_.prefix + wanted.key;
      if (is_of_head(i) && head == Head::remade) {
        if (!given) continue;
        if (!given->shape.empty()) wanted.shape[0] = given->shape[0];
      }
      mismatches.compare(given, wanted);
    }
    for (const std::size_t i : match_.extra) {
      if (belongs_to_larger_network(file_.entries()[i], match_, own_, head_)) mismatches.add_extra(file_.entries()[i]);
    }
    std::vector<runtime::Detail> more;
    if (match_.fits == 0 && part().count > 0) more.push_back({"keys of the file", first_names(extra_names())});
    if (!part().others.empty()) more.push_back({"not tensors", first_names(part().others)});
    mismatches.throw_if_any({{"what", std::string(what_)}, {"model", spec_.variant->name}}, more);
  }

  void copy(Head head) {
    at::NoGradGuard values_only;
    const auto tensors = state_dict(network_);  // in the order of entries_of
    for (std::size_t i = 0; i < own_.size(); ++i) {
      if (!match_.found[i] || (is_of_head(i) && head == Head::remade)) continue;
      const std::size_t entry = *match_.found[i];
      at::Tensor to = tensors[i].second;
      const bool counter = is_counter(own_[i].key);
      const at::Tensor values = converted(read_tensor(file_, entry), to, counter);
      if (!is_finite(values)) {
        throw runtime::Error("InvalidModelDirectory.not_finite",
                             {{"what", std::string(what_)}, {"key", file_.entries()[entry].key}});
      }
      conversions_.add(file_.entries()[entry].dtype, to, counter);
      to.copy_(values);
    }
  }

  std::vector<std::string> extra_names() const {
    std::vector<std::string> names;
    for (const std::size_t i : match_.extra) names.push_back(file_.entries()[i].key);
    return names;
  }

  void tell_place(FileWeights& result) const {
    std::string place;
    if (!part().name.empty()) place = "in its '" + part().name + "'";
    if (!match_.prefix.empty())
      place += std::string(place.empty() ? "" : ", ") + "under the prefix '" + runtime::visible(match_.prefix.substr(0, 200)) + "'";
    if (!place.empty()) result.notes.push_back("Found them " + place + ".");
    if (const std::string text = conversions_.text(); !text.empty()) result.notes.push_back(text);
  }

  void tell_rest(FileWeights& result) const {
    const std::string rest = " that " + spec_.variant->name + " does not have: ";
    if (const auto names = extra_names(); !names.empty())
      result.warnings.push_back("Left out " + std::to_string(names.size()) + (names.size() == 1 ? " tensor" : " tensors") + rest +
                                first_names(names) + ".");
    if (const auto& others = part().others; !others.empty())
      result.warnings.push_back("Left out " + std::to_string(others.size()) +
                                " of its values, which are not tensors: " + first_names(others) + ".");
    std::vector<std::string> rivals = match_.rivals;
    for (std::string& rival : rivals) rival = rival.empty() ? "no prefix" : rival;
    if (!rivals.empty())
      result.warnings.push_back("The file holds other weights of this form, which were not taken: " + first_names(rivals) + ".");
    if (!file_.foreign_names().empty())
      result.notes.push_back("The file names things of Python, none of which was loaded: " + first_names(file_.foreign_names()) +
                             ".");
  }

  ClassifierModule& network_;
  const StateDictFile& file_;
  const ModelSpec& spec_;
  std::string_view what_;
  std::string head_;
  std::vector<TensorEntry> own_;  ///< the network's entries
  Match match_;
  Conversions conversions_;
};

}  // namespace

FileWeights load_weights_file(ClassifierModule& network, const StateDictFile& file, const ModelSpec& spec, std::string_view what) {
  return Loading(network, file, spec, what).load();
}

}  // namespace torchport::models
