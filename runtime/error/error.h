// What a user can mend: errors by name, whose sentences, codes and hints live in spec/errors.yaml.
// Thrown everywhere; caught by the two mains, which print them, log them and exit with their status.
#pragma once
#include <exception>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace torchport::runtime {

/// Values for the {placeholders} of an error's sentence and hint. "path" also goes into the FATAL line.
using Fields = std::map<std::string, std::string>;

/// One row of the table under an error's sentence: what is compared, and its value.
struct Detail {
  std::string label;
  std::string value;
};

/// A fault that the user can mend. A `std::logic_error`, by contrast, is a bug of ours.
class Error : public std::exception {
 public:
  /// `key` is "ErrorId.reason" of spec/errors.yaml, e.g. "InvalidDataset.categories_differ".
  /// \throws std::logic_error if the catalogue lacks the key, or a placeholder of its sentence has no field.
  explicit Error(std::string_view key, Fields fields = {}, std::vector<Detail> details = {});

  /// The sentence, without name and table.
  const char* what() const noexcept override { return message_.c_str(); }

  const std::string& key() const { return key_; }
  /// The designer's ErrorId, e.g. "InvalidDataset".
  const std::string& id() const { return id_; }
  /// ErrorId + "Error", e.g. "InvalidDatasetError"; "UserError" and "LibraryException" are class names already.
  std::string class_name() const;
  /// The designer's error code, e.g. 18.
  int code() const { return code_; }
  /// The process's exit status (docs/reference/error-codes.md).
  int exit_status() const { return exit_status_; }
  const std::string& hint() const { return hint_; }
  /// The field "path", or "".
  std::string path() const;
  const std::vector<Detail>& details() const { return details_; }

  /// The block that a terminal shows: error[...] subject: sentence, the table, the hint.
  std::string render(std::string_view subject) const;

  /// The same error with the row `at PLACE`, such as "pipeline.yaml:12:15", on top of its table.
  Error at(const std::string& place) const;

  /// All that is needed to throw the same error on another rank, and back.
  std::string encode() const;
  static Error decode(std::string_view text);

 private:
  std::string key_, id_, message_, hint_;
  Fields fields_;
  std::vector<Detail> details_;
  int code_ = 0;
  int exit_status_ = 0;
};

/// Several faults of one request, reported in one go. Its exit status and code are those of the first.
class Errors : public std::exception {
 public:
  explicit Errors(std::vector<Error> all) : all_(std::move(all)) {}
  const char* what() const noexcept override { return all_.front().what(); }
  const std::vector<Error>& all() const { return all_; }

 private:
  std::vector<Error> all_;
};

/// Collects faults so that a user sees all of them before anything is done.
class Problems {
 public:
  void add(Error error) { all_.push_back(std::move(error)); }
  /// Runs `check`, keeping the Error or Errors that it throws. Returns whether it threw none.
  template <class Check>
  bool collect(Check&& check) {
    try {
      check();
      return true;
    } catch (const Error& error) {
      add(error);
    } catch (const Errors& errors) {
      all_.insert(all_.end(), errors.all().begin(), errors.all().end());
    }
    return false;
  }
  bool empty() const { return all_.empty(); }
  const std::vector<Error>& all() const { return all_; }
  /// \throws Error where there is one problem, Errors where there are more.
  void throw_if_any() const;

 private:
  std::vector<Error> all_;
};

/// What a failing program shows on standard error: the block of each error, and where they are explained.
std::string render_all(const std::vector<Error>& errors, std::string_view subject);

/// LibraryException.bug, for an exception that no user can mend.
Error as_bug(const std::exception& exception);

}  // namespace torchport::runtime
