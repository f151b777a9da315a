#include "component/report/training_section.h"

#include <algorithm>
#include <map>
#include <set>

#include "component/report/first_batch_section.h"
#include "runtime/pipeline/history.h"
#include "runtime/text/format.h"

namespace torchport::component {
namespace {

using runtime::map_of;

constexpr std::size_t kMostPoints = 1000, kMostRanks = 128;  ///< of a curve, of a chart of ranks

/// A number of a row of metrics; nothing where it is none, as NaN.
std::optional<double> number_in(const nlohmann::json& row, const std::string& column) {
  const auto found = row.find(column);
  return found != row.end() && found->is_number() ? std::optional(found->get<double>()) : std::nullopt;
}

std::int64_t whole_in(const nlohmann::json& row, const std::string& column) {
  return static_cast<std::int64_t>(number_in(row, column).value_or(0));
}

/// The epochs that were validated, those of curves that are longer than a screen is wide thinned.
class Epochs {
 public:
  Epochs(const RunFacts& run) : run_(run) {
    std::set<std::int64_t> all;
    for (const auto& row : rows("Train images per second")) all.insert(whole_in(row, "epoch"));
    const std::size_t every = (all.size() + kMostPoints - 1) / kMostPoints;
    std::size_t place = 0;
    for (const std::int64_t epoch : all)
      if (every < 2 || place++ % every == 0 || epoch == *all.rbegin()) numbers_.push_back(epoch);
    left_out_ = all.size() - numbers_.size();
  }
  const std::vector<std::int64_t>& numbers() const { return numbers_; }
  std::size_t left_out() const { return left_out_; }
  std::vector<std::string> labels() const {
    std::vector<std::string> texts;
    for (const std::int64_t epoch : numbers_) texts.push_back(std::to_string(epoch));
    return texts;
  }
  /// Where the epoch stands among them, or the next that does.
  std::size_t place(std::int64_t epoch) const {
    const auto found = std::lower_bound(numbers_.begin(), numbers_.end(), epoch);
    return std::min(static_cast<std::size_t>(found - numbers_.begin()), numbers_.size() - 1);
  }
  /// A column of a metric, for each of them.
  std::vector<std::optional<double>> values(const std::string& metric, const std::string& column) const {
    std::map<std::int64_t, std::optional<double>> by_epoch;
    for (const auto& row : rows(metric)) by_epoch[whole_in(row, "epoch")] = number_in(row, column);
    std::vector<std::optional<double>> values;
    for (const std::int64_t epoch : numbers_) values.push_back(by_epoch[epoch]);
    return values;
  }

 private:
  const std::vector<nlohmann::json>& rows(const std::string& metric) const {
    static const std::vector<nlohmann::json> none;
    const auto found = run_.metrics.find(metric);
    return found == run_.metrics.end() ? none : found->second;
  }
  const RunFacts& run_;
  std::vector<std::int64_t> numbers_;
  std::size_t left_out_ = 0;
};

/// The weights' epoch, and that the training stopped early.
std::vector<std::pair<std::size_t, std::string>> marks(const Page& page, const RunFacts& run, const Epochs& epochs) {
  std::vector<std::pair<std::size_t, std::string>> marks;
  const auto& result = map_of(run.record, "result");
  if (const std::int64_t kept = whole_in(result, "kept_epoch"); kept > 0)
    marks.emplace_back(epochs.place(kept), page.say("The weights of epoch {0} come out.", {std::to_string(kept)}));
  const auto early = result.find("stopped_early");
  if (early != result.end() && early->is_boolean() && early->get<bool>())
    marks.emplace_back(epochs.numbers().size() - 1,
                       page.say("Stopped early after epoch {0}.", {std::to_string(epochs.numbers().back())}));
  return marks;
}

std::vector<std::optional<double>> without(std::vector<std::optional<double>> shares) {
  for (auto& share : shares)
    if (share) share = 1 - *share;
  return shares;
}

/// The rate of each epoch as it was, and as it was planned to the end.
void add_learning_rate(Page& page, const RunFacts& run, const Epochs& epochs) {
  Chart chart{
      page.say("Learning rate"), page.say("epoch"), epochs.labels(), {{page.say("actual"), epochs.values("learning rate", "lr")}}};
  chart.marks = marks(page, run, epochs);
  const auto planned = run.record.find("planned_learning_rates");
  if (planned != run.record.end() && planned->is_array() && epochs.left_out() == 0 && planned->size() <= kMostPoints) {
    Series plan{page.say("planned"), {}};
    for (const std::int64_t epoch : epochs.numbers()) {
      const auto place = static_cast<std::size_t>(epoch - 1);
      plan.values.push_back(
          place < planned->size() && (*planned)[place].is_number() ? std::optional((*planned)[place].get<double>()) : std::nullopt);
    }
    for (auto place = static_cast<std::size_t>(epochs.numbers().back()); place < planned->size(); ++place) {
      chart.labels.push_back(std::to_string(place + 1));
      chart.series.front().values.emplace_back();
      plan.values.push_back((*planned)[place].is_number() ? std::optional((*planned)[place].get<double>()) : std::nullopt);
    }
    chart.series.push_back(std::move(plan));
  }
  add_chart(page, chart);
}

/// The numbers of a list; what is none is a gap.
std::vector<std::optional<double>> numbers_of(const nlohmann::json& record, const char* key) {
  std::vector<std::optional<double>> numbers;
  const auto found = record.find(key);
  if (found == record.end() || !found->is_array()) return numbers;
  for (const auto& value : *found) numbers.push_back(value.is_number() ? std::optional(value.get<double>()) : std::nullopt);
  return numbers;
}

/// Where the scale of the range test's losses ends: the fall is to be seen, and the losses of rates that are too large are many
/// times the first one. Nothing where all are below.
std::optional<double> top_of_losses(const Chart& chart) {
  const auto& smoothed = chart.series.back().values;
  if (smoothed.empty() || !smoothed.front()) return std::nullopt;
  const double first = *smoothed.front();
  double least = first, most = first;
  for (const auto& loss : smoothed) least = std::min(least, loss.value_or(least));
  for (const Series& series : chart.series)
    for (const auto& loss : series.values) most = std::max(most, loss.value_or(most));
  const double top = std::stod(runtime::formatted("%.2g", first + std::max(0.5 * (first - least), 0.1 * first)));
  return most > top && top > first ? std::optional(top) : std::nullopt;
}

/// The losses of the range test by its rates, which are one factor apart: the axis is a logarithm's.
void add_rate_finder(Page& page, const RunFacts& run) {
  const auto& test = map_of(run.record, "learning_rate_finder");
  const auto rates = numbers_of(test, "rates");
  if (rates.empty() || rates.size() > kMostPoints) return;
  Chart chart{page.say("Range test of learning rates"), page.say("learning rate of an update"), {}, {}};
  for (const auto& rate : rates) chart.labels.push_back(runtime::formatted("%.2e", rate.value_or(0)));
  chart.series = {{page.say("loss"), numbers_of(test, "losses")}, {page.say("smoothed loss"), numbers_of(test, "smoothed")}};
  chart.top = top_of_losses(chart);
  if (chart.top) chart.note = page.say("Losses above {0} are not drawn; the table has them.", {number_text(chart.top)});
  if (const auto steepest = number_in(test, "steepest"))
    for (std::size_t i = 0; i < rates.size(); ++i)
      if (rates[i] == steepest) chart.marks.emplace_back(i, page.say.sentence(runtime::text_of(test, "said")));
  add_chart(page, chart);
}

constexpr std::array<const char*, 4> kWhats = {"data", "computing", "communicating", "checkpointing"};

/// Means over the epochs, of each rank.
void add_ranks(Page& page, const std::vector<nlohmann::json>& rows) {
  struct Rank {
    double pace = 0, epochs = 0;
    std::array<double, kWhats.size()> share{};
  };
  std::map<std::int64_t, Rank> ranks;
  for (const auto& row : rows) {
    Rank& rank = ranks[whole_in(row, "rank")];
    rank.epochs += 1;
    rank.pace += number_in(row, "images_per_second").value_or(0);
    for (std::size_t what = 0; what < kWhats.size(); ++what) rank.share[what] += number_in(row, kWhats[what]).value_or(0);
  }
  Chart paces{page.say("Images per second of each process's own work"),
              page.say("process"),
              {},
              {{page.say("images per second"), {}}},
              "bar"};
  Chart shares{page.say("Where each process's time went, in percent"), page.say("process"), {}, {}, "stacked"};
  shares.top = 100;
  for (const char* const what : kWhats) shares.series.push_back({page.say(what), {}});
  auto slowest = ranks.begin();
  for (auto rank = ranks.begin(); rank != ranks.end(); ++rank) {
    const auto& [number, sums] = *rank;
    if (sums.pace / sums.epochs < slowest->second.pace / slowest->second.epochs) slowest = rank;
    if (paces.labels.size() == kMostRanks) continue;
    paces.labels.push_back(std::to_string(number));
    paces.series.front().values.emplace_back(sums.pace / sums.epochs);
    for (std::size_t what = 0; what < kWhats.size(); ++what)
      shares.series[what].values.emplace_back(100 * sums.share[what] / sums.epochs);
  }
  shares.labels = paces.labels;
  page.html.element("h3", page.say("Processes"));
  page.html.element("p", page.say("Means over {0} epochs. The slowest is process {1}, with {2} images per second of its own work.",
                                  {number_text(slowest->second.epochs), std::to_string(slowest->first),
                                   number_text(slowest->second.pace / slowest->second.epochs)}));
  if (ranks.size() > kMostRanks)
    add_note(page, page.say("{0} more processes are left out.", {std::to_string(ranks.size() - kMostRanks)}));
  page.html.open("div", {{"class", "charts"}});
  add_chart(page, paces);
  add_chart(page, shares);
  page.html.close();
}

/// \pre an epoch at least was validated
void add_curves(Page& page, const RunFacts& run) {
  const Epochs epochs(run);
  if (epochs.left_out() > 0)
    add_note(page, page.say("{0} epochs are left out of the curves.", {std::to_string(epochs.left_out())}));
  const auto curves = [&](const char* title, std::vector<Series> series) {
    Chart chart{page.say(title), page.say("epoch"), epochs.labels(), std::move(series)};
    chart.marks = marks(page, run, epochs);
    chart.share = std::string_view(title).ends_with("accuracy");
    add_chart(page, chart);
  };
  const std::string train = page.say("training images"), valid = page.say("validation images");
  page.html.open("div", {{"class", "charts"}});
  curves("Train images per second", {{page.say("images per second"), epochs.values("Train images per second", "train_ips")}});
  curves("Top 1 accuracy", {{valid, epochs.values("Top-1 validation accuracy", "top1_acc")},
                            {train, without(epochs.values("Train error", "train_error"))}});
  curves("Top 5 accuracy", {{valid, epochs.values("Top-5 validation accuracy", "top5_acc")}});
  curves("Loss", {{valid, epochs.values("Valid loss", "valid_loss")}, {train, epochs.values("Train loss", "train_loss")}});
  add_learning_rate(page, run, epochs);
  add_rate_finder(page, run);
  page.html.close();
  if (const auto ranks = run.metrics.find("Rank times"); ranks != run.metrics.end()) add_ranks(page, ranks->second);
}

bool has_epochs(const RunFacts& run) { return run.metrics.contains("Train images per second"); }

}  // namespace

bool has_training(const RunFacts& run) { return has_epochs(run) || has_first_batch(run); }

void add_training(Page& page, const RunFacts& run) {
  begin_section(page, "training-" + run.name, page.say("Training: {0}", {run.name}));
  if (has_epochs(run)) add_curves(page, run);
  if (has_first_batch(run)) add_first_batch(page, run);
  end_section(page);
}

}  // namespace torchport::component
