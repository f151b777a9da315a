// Requests that wait, to their answers: what came at the same time goes through the network together, on the threads that compute.
// Called by `torchport serve`.
#pragma once
#include <chrono>
#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include "component/images/photo_reader.h"
#include "component/images/scoring_pass.h"
#include "component/serving/health.h"
#include "component/serving/photo_queue.h"
#include "component/serving/question.h"

namespace torchport::component {

struct AnsweringOptions {
  std::size_t batch = 0;         ///< images that go through the network at once
  std::size_t most_rows = 0;     ///< of a request
  std::int64_t most_pixels = 0;  ///< of an image as it comes
  std::chrono::seconds timeout;  ///< after which a request that waits is not worth an answer
  std::function<void(const std::string&)> log;
  Health& health;
};

class Answering {
 public:
  /// All must outlive it.
  Answering(PhotoQueue& queue, const PhotoReader& reader, const Scorer& scorer, Precision precision, const AnswerWriter& writer,
            const AnsweringOptions& options);
  /// Computes an image of nothing: at the start, so that the first client does not wait for what is prepared once.
  void compute_blank() const;
  /// Until the queue is closed, by the thread whose number of threads LibTorch knows.
  void run();

 private:
  struct Asked;
  struct Photo;

  void read_questions(std::vector<Asked>& all) const;
  void see(std::vector<Photo>& photos) const;
  void settle(Photo& photo) const;
  void score(const std::vector<Photo*>& photos);
  void examine(const std::string& why) const;
  void score_or_fail(const std::vector<Photo*>& photos);
  void score_by_size(std::vector<Photo>& photos);
  void end(Asked& asked) const;
  void answer_together(std::vector<Asked>& all);

  PhotoQueue& queue_;
  const PhotoReader& reader_;
  const Scorer& scorer_;
  const ScoringPass pass_;
  const AnswerWriter& writer_;
  const AnsweringOptions options_;
};

}  // namespace torchport::component
