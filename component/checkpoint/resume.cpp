#include "component/checkpoint/resume.h"

#include "component/checkpoint/conditions.h"
#include "component/checkpoint/saver.h"
#include "runtime/launch/run_files.h"
#include "runtime/report/checkpoints.h"

namespace torchport::component {
namespace fs = std::filesystem;
namespace {

using runtime::Error;

/// What rank 0 found.
struct Chosen {
  CheckpointBytes bytes;
  fs::path folder;
};

bool lies_in(const fs::path& checkpoint, const fs::path& run_dir) {
  std::error_code ignored;
  return fs::equivalent(checkpoint.parent_path(), run_dir / runtime::kCheckpoints, ignored);
}

/// The first that is whole. Each that is not is named, and in our own folder out of the way.
std::optional<Chosen> choose(const runtime::Context& ctx, const std::vector<fs::path>& all) {
  std::string wrong;
  for (std::size_t i = 0; i < all.size(); ++i) {
    try {
      Chosen chosen{read_checkpoint(all[i]), all[i]};
      understand({chosen.bytes.numbers, chosen.bytes.tensors});
      return chosen;
    } catch (const std::runtime_error& fault) {
      wrong = fault.what();
      ctx.log.warning("The checkpoint '" + all[i].string() + "' cannot be used: " + wrong + "." +
                      (i + 1 < all.size() ? " Trying the one before." : ""));
    }
  }
  if (all.empty()) return std::nullopt;
  throw Error("CouldNotOpenFile.checkpoint", {{"path", all.back().string()}, {"reason", wrong}});
}

/// Makes the run folder that of a training that begins there: with what it has of it, and with nothing beyond.
void clear(const runtime::Context& ctx, const fs::path& begin) {
  std::error_code ignored;
  const bool ours = !begin.empty() && lies_in(begin, ctx.run_dir);
  if (ours) runtime::take_back_training(ctx.run_dir);
  for (const fs::path& left : runtime::checkpoints_of(ctx.run_dir)) {
    if (ours && *runtime::checkpoint_place(left) <= *runtime::checkpoint_place(begin)) continue;
    if (ours) {  // damaged, or after a place that was asked for: whoever wants to look at it still can
      fs::rename(left, left.string() + ".unused", ignored);
    } else {
      ctx.log.info("The checkpoint " + left.filename().string() + " of an earlier run in this folder is removed.");
      discard(left);
    }
  }
}

void compare(const runtime::Context& ctx, const Chosen& chosen, bool allow_inexact, const Conditions& now) {
  auto rows = differences(understand({chosen.bytes.numbers, chosen.bytes.tensors}).conditions, now);
  if (rows.empty()) return;
  const std::string count = std::to_string(rows.size()) + (rows.size() == 1 ? " condition differs" : " conditions differ");
  if (!allow_inexact)
    throw Error("FailedToCompleteOperation.other_training", {{"path", chosen.folder.string()}, {"count", count}}, std::move(rows));
  for (const auto& row : rows) ctx.log.warning("The training does not go on as it was: " + row.label + " " + row.value + ".");
  ctx.log.warning("Its weights will not be those of a training that was never stopped.");
}

}  // namespace

std::optional<Resumed> resumed(const runtime::Context& ctx, const CheckpointOptions& options,
                               const std::function<Conditions()>& now) {
  std::optional<Chosen> chosen;
  ctx.control.agree_on([&] {
    if (ctx.control.rank() != 0) return;
    chosen = choose(ctx, runtime::checkpoints_meant(options.resume, ctx.run_dir));
    if (chosen) compare(ctx, *chosen, options.allow_inexact, now());
    clear(ctx, chosen ? chosen->folder : fs::path());
  });
  if (!chosen) chosen.emplace();
  const std::string from = ctx.control.broadcast_text(chosen->folder.string(), 0);
  if (from.empty()) return std::nullopt;
  chosen->bytes.numbers = ctx.control.broadcast_text(chosen->bytes.numbers, 0);
  chosen->bytes.tensors = ctx.control.broadcast_text(chosen->bytes.tensors, 0);
  return Resumed{understand(std::move(chosen->bytes)).state, from};
}

}  // namespace torchport::component
