// The driver log: one file for each rank, in the designer's line format (docs/contract.md), and rank 0's lines on the console too.
#pragma once
#include <chrono>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

namespace torchport::runtime {

/// Thread-safe; each line is one write(2) to a file opened O_APPEND | O_NOFOLLOW. Control characters in messages are escaped, tabs
/// kept.
class Log {
 public:
  struct Options {
    std::filesystem::path file;  ///< empty: no file
    bool console = true;         ///< print on standard output as well
    bool progress_bar = false;   ///< standard output is a terminal (or leads to one)
    bool quiet = false;          ///< on the console: warnings and errors only, on standard error, without times
  };
  explicit Log(Options options);
  ~Log();
  Log(const Log&) = delete;
  Log& operator=(const Log&) = delete;

  void info(std::string_view message) { line("INFO", message); }
  void warning(std::string_view message) { line("WARNING", message); }
  void error(std::string_view message) { line("ERROR", message); }
  /// One raw line at column 0 of the file, at most 4096 bytes, written and synced at once: the FATAL line.
  void raw(std::string_view text);
  /// Redraws the progress bar (nothing where there is none); an empty text removes it.
  void progress(std::string_view text);
  bool has_progress() const;

  /// "TAG - Start:" now and "TAG - End with S.SSSSs elapsed." when it goes; lines between are indented by "|   ".
  class Block {
   public:
    Block(Log& log, std::string tag);
    ~Block();
    Block(const Block&) = delete;
    Block& operator=(const Block&) = delete;

   private:
    Log& log_;
    std::string tag_;
    std::chrono::steady_clock::time_point start_;
  };

 private:
  void line(std::string_view level, std::string_view message);
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace torchport::runtime
