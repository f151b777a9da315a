// The two forms in which clients of the designer ask a deployed model, and those in which they get their answers: that of its
// real-time endpoints, and that of the score.py of `trained_model_outputs`. Called by the service; torch-free.
#pragma once
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "component/serving/refusal.h"

namespace torchport::component {

/// One image, and what is handed back beside its answer.
struct Row {
  std::string place;  ///< how errors name it: "Inputs.WebServiceInput0[3]"
  std::string image;  ///< base64, or a data URI, as it came
  std::optional<nlohmann::json> id, category;
};

/// One named input: `count` rows from `first`.
struct Table {
  std::string output;  ///< what its answer is called: WebServiceOutput0 for WebServiceInput0
  std::size_t first = 0, count = 0;
};

struct Question {
  bool of_endpoint = true;    ///< {"Inputs": ...}; else a list
  std::vector<Table> tables;  ///< one without a name for a list
  std::vector<Row> rows;
};

/// Reads a request's body by its content. \throws Refusal 400, 413 above `most_rows`
Question read_question(std::string_view body, std::size_t most_rows);

/// The bytes of a row's image. \throws Refusal 400
std::string image_bytes(const Row& row);

/// Makes answers for the categories of a model.
class AnswerWriter {
 public:
  /// `plain`: the answer to a list is JSON, and not a text that has JSON in it.
  AnswerWriter(const std::vector<std::string>& categories, bool plain);

  /// `probabilities`: rows x categories. A response's body, in ASCII.
  std::string write(const Question& question, std::span<const float> probabilities) const;

 private:
  void add_scores(std::string& out, std::span<const float> probabilities, bool named) const;

  std::vector<std::string> columns_, labels_;  // as JSON
  const bool plain_;
};

/// The name of an answer: WebServiceOutput0 for WebServiceInput0, output1 for input1; others stay as they are.
std::string output_name(std::string_view input);

/// {"message": ...}
std::string message_json(std::string_view message);

/// The columns of an answer by their names: "Scored Probabilities_cat", ..., "Scored Labels".
std::vector<std::string> answer_columns(const std::vector<std::string>& categories);

}  // namespace torchport::component
