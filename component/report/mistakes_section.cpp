#include "component/report/mistakes_section.h"

#include <algorithm>
#include <map>
#include <set>

#include "runtime/text/format.h"

namespace torchport::component {
namespace {

constexpr std::size_t kWorst = 60, kShownPairs = 20, kOfAPair = 2;  ///< images by loss; pairs, and images of each

std::string percent(double share) { return runtime::formatted("%.1f %%", 100 * share); }

/// The mistakes of which a small copy is shown: the worst, and some of the pairs that are confused most.
std::vector<std::size_t> pictured(const EvaluationFacts& facts) {
  std::map<std::pair<std::size_t, std::size_t>, std::size_t> wanted;
  for (std::size_t i = 0; i < std::min(kShownPairs, facts.pairs.size()); ++i)
    wanted[{facts.pairs[i].truth, facts.pairs[i].predicted}] = kOfAPair;
  std::vector<std::size_t> chosen;
  for (std::size_t i = 0; i < facts.mistakes.size(); ++i) {
    const auto pair = wanted.find({facts.mistakes[i].truth, facts.mistakes[i].predicted});
    const bool needed = pair != wanted.end() && pair->second > 0;
    if (needed) --pair->second;
    if (i < kWorst || needed) chosen.push_back(i);
  }
  return chosen;
}

std::string name_of(const ShownMistake& mistake) { return mistake.image.empty() ? "id " + mistake.id : mistake.image; }

/// The folder on a line that loses its beginning where it is too long, the file's name whole: the end tells images apart.
void add_path(Page& page, const std::string& path) {
  const std::size_t name = path.rfind('/') == path.npos ? 0 : path.rfind('/') + 1;
  page.html.open("span", {{"class", "path"}, {"title", path}});
  if (name > 0) page.html.open("span", {{"class", "folder"}}).element("bdi", path.substr(0, name)).close();
  page.html.text(path.substr(name)).close();
}

void add_gallery(Page& page, const EvaluationFacts& facts, std::size_t matrix, MistakePictures& pictures) {
  std::size_t unread = 0;
  std::string why;
  const std::vector<std::size_t> chosen = pictured(facts);
  page.html.open("div", {{"class", "gallery"}, {"id", "gallery-" + std::to_string(matrix)}});
  for (const std::size_t place : chosen) {
    const ShownMistake& mistake = facts.mistakes[place];
    std::string picture;
    try {
      picture = pictures.of(mistake);
    } catch (const std::runtime_error& fault) {
      ++unread;
      if (why.empty()) why = name_of(mistake) + ": " + fault.what();
    }
    page.html.open("figure", {{"class", "mistake"}, {"data-cell", cell_of(matrix, mistake.truth, mistake.predicted)}});
    if (picture.empty()) {
      page.html.element("div", page.say("no picture"), {{"class", "absent"}});
    } else {
      page.html.element("img", "", {{"src", picture}, {"alt", name_of(mistake)}, {"decoding", "async"}});
    }
    page.html.open("figcaption").element("b", facts.names[mistake.truth]).trusted("<br>");
    page.html.text("→ " + facts.names[mistake.predicted] + " " + percent(mistake.probability)).trusted("<br>");
    add_path(page, name_of(mistake));
    page.html.close().close();
  }
  page.html.close();
  if (pictures.as_scored() > 0)
    add_note(page, page.say("{0} of these pictures show the image as it was scored, in {1}: no file of its own is at its path.",
                            {std::to_string(pictures.as_scored()), pictures.scored().string()}));
  if (unread > 0) add_note(page, page.say("{0} of these images cannot be shown. The first: {1}.", {std::to_string(unread), why}));
}

void add_rows(Page& page, const EvaluationFacts& facts, std::size_t matrix) {
  page.html.open("details").element("summary", page.say("Table"));
  open_table(page,
             {page.say("image"), page.say("true category"), page.say("predicted category"), page.say("probability"),
              page.say("probability of the true category"), page.say("loss")},
             {{"id", "mistakes-" + std::to_string(matrix)}});
  for (const ShownMistake& mistake : facts.mistakes) {
    page.html.open("tr", {{"data-cell", cell_of(matrix, mistake.truth, mistake.predicted)}});
    for (const std::string& text : {name_of(mistake), facts.names[mistake.truth], facts.names[mistake.predicted],
                                    percent(mistake.probability), percent(mistake.true_probability), number_text(mistake.loss)})
      page.html.element("td", text);
    page.html.close();
  }
  close_table(page);
  page.html.close();
}

/// Each with a button that shows its examples.
void add_pairs(Page& page, const EvaluationFacts& facts, std::size_t matrix) {
  page.html.element("h3", page.say("Most confused pairs"));
  open_table(page, {page.say("true category"), page.say("predicted category"), page.say("images"), ""});
  for (std::size_t i = 0; i < std::min(kShownPairs, facts.pairs.size()); ++i) {
    const ConfusedPair& pair = facts.pairs[i];
    page.html.open("tr").element("td", facts.names[pair.truth]).element("td", facts.names[pair.predicted]);
    page.html.element("td", std::to_string(pair.count)).open("td");
    page.html.element("button", page.say("examples"),
                      {{"type", "button"}, {"data-show", cell_of(matrix, pair.truth, pair.predicted)}});
    page.html.close().close();
  }
  close_table(page);
  if (facts.pairs.size() > kShownPairs)
    add_note(page, page.say("{0} more pairs are left out.", {std::to_string(facts.pairs.size() - kShownPairs)}));
}

}  // namespace

std::string cell_of(std::size_t matrix, std::size_t truth, std::size_t predicted) {
  return std::to_string(matrix) + ":" + std::to_string(truth) + ":" + std::to_string(predicted);
}

void add_mistakes(Page& page, const EvaluationFacts& facts, std::size_t matrix, const std::filesystem::path& folder,
                  MistakePictures& pictures) {
  add_pairs(page, facts, matrix);
  page.html.element("h3", page.say("Mistakes, those with the largest loss first"));
  add_gallery(page, facts, matrix, pictures);
  add_rows(page, facts, matrix);
  page.html.open("p", {{"class", "note"}});
  if (facts.mistakes.size() < facts.all_mistakes)
    page.html.text(page.say("{0} of {1} mistakes are listed here. All:",
                            {std::to_string(facts.mistakes.size()), std::to_string(facts.all_mistakes)}) +
                   " ");
  page.html.element("a", "mistakes.csv", {{"href", page.link(folder / "mistakes.csv")}}).close();
}

}  // namespace torchport::component
