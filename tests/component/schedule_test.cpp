#include "component/training/recipe/schedule.h"

#include "component/training/metrics.h"
#include "component/training/recipe/epoch_rules.h"
#include "tests/support/catch.h"

using namespace torchport::component;

namespace {

std::vector<double> rates(double peak, std::int64_t epochs, std::int64_t warmup, Decay decay = Decay::polynomial) {
  std::vector<double> result;
  for (std::int64_t e = 0; e < epochs; ++e) result.push_back(learning_rate({peak, epochs, warmup, decay}, e));
  return result;
}

void check_close(const std::vector<double>& found, const std::vector<double>& wanted) {
  REQUIRE(found.size() == wanted.size());
  for (std::size_t i = 0; i < wanted.size(); ++i) CHECK(found[i] == Approx(wanted[i]).epsilon(1e-7));
}

}  // namespace

TEST_CASE("schedule: polynomial decay gives the original's recorded rates", "[schedule]") {
  check_close(rates(0.001, 2, 0), {0.001, 0.000250075});
}

TEST_CASE("schedule: warm-up and decay give the original's recorded rates", "[schedule]") {
  check_close(rates(0.5, 12, 2), {0.0001, 0.25005, 0.5, 0.405000019, 0.320000036, 0.245000051, 0.180000064, 0.125000075,
                                  0.080000084, 0.045000091, 0.020000096, 0.005000099});
}

TEST_CASE("schedule: a warm-up as long as the training is a ramp", "[schedule]") {
  check_close(rates(0.1, 2, 2), {0.0001, 0.05005});
  check_close(rates(0.1, 2, 4), {0.0001, 0.025075});
}

TEST_CASE("schedule: a cosine gives the rates of torch's CosineAnnealingLR", "[schedule]") {
  // torch 2.11, SGD(lr=0.5), CosineAnnealingLR(T_max=5), last_epoch 0 to 4
  check_close(rates(0.5, 5, 0, Decay::cosine),
              {0.5, 0.45225424859373686, 0.32725424859373686, 0.17274575140626314, 0.04774575140626315});
  check_close(rates(0.5, 7, 2, Decay::cosine),
              {0.0001, 0.25005, 0.5, 0.45225424859373686, 0.32725424859373686, 0.17274575140626314, 0.04774575140626315});
  check_close(rates(0.1, 2, 4, Decay::cosine), {0.0001, 0.025075});
}

TEST_CASE("best epoch: higher top-1, then lower loss, then the earlier", "[epoch_rules]") {
  BestEpoch best(EpochMetric::top1);
  CHECK(best.offer(1, 0.5, 1.0));
  CHECK_FALSE(best.offer(2, 0.4, 0.1));
  CHECK(best.offer(3, 0.5, 0.9));
  CHECK_FALSE(best.offer(4, 0.5, 0.9));
  CHECK(best.offer(5, 0.6, 2.0));
  CHECK(best.epoch() == 5);
}

TEST_CASE("best epoch: by the loss, then top-1, then the earlier", "[epoch_rules]") {
  BestEpoch best(EpochMetric::loss);
  CHECK(best.offer(1, 0.5, 1.0));
  CHECK_FALSE(best.offer(2, 0.9, 1.1));
  CHECK(best.offer(3, 0.6, 1.0));
  CHECK_FALSE(best.offer(4, 0.6, 1.0));
  CHECK(best.offer(5, 0.1, 0.9));
  CHECK(best.epoch() == 5);
}

TEST_CASE("early stop: a loss not below the previous epoch's, for this many consecutive epochs", "[epoch_rules]") {
  EarlyStop stop({2, EpochMetric::loss, false, 0});
  CHECK_FALSE(stop.after(0, 1.0));
  CHECK_FALSE(stop.after(0, 1.0));  // not below: 1
  CHECK_FALSE(stop.after(0, 0.9));  // below: back to 0
  CHECK_FALSE(stop.after(0, 1.5));  // 1
  CHECK(stop.after(0, 1.6));        // 2, although it compares with the previous epoch and not with the best
  CHECK(stop.why() == "the validation loss was not below the previous epoch's for 2 consecutive epochs");
}

TEST_CASE("early stop: compares with the previous epoch, not with the best", "[epoch_rules]") {
  EarlyStop stop({2, EpochMetric::loss, false, 0});
  CHECK_FALSE(stop.after(0, 0.1));
  CHECK_FALSE(stop.after(0, 5.0));
  CHECK_FALSE(stop.after(0, 4.0));
  CHECK_FALSE(stop.after(0, 3.0));
}

TEST_CASE("early stop: against the best, slow progress below the least delta adds up", "[epoch_rules]") {
  EarlyStop stop({3, EpochMetric::loss, true, 0.1});
  CHECK_FALSE(stop.after(0, 1.0));
  CHECK_FALSE(stop.after(0, 0.95));  // 1
  CHECK_FALSE(stop.after(0, 0.91));  // 2
  CHECK_FALSE(stop.after(0, 0.89));  // more than 0.1 below 1.0: back to 0
  CHECK_FALSE(stop.after(0, 2.0));
  CHECK_FALSE(stop.after(0, 1.0));
  CHECK(stop.after(0, 0.80));  // below all before, but not by more than 0.1
  CHECK(stop.why() == "the validation loss was not more than 0.1 below the best epoch's for 3 consecutive epochs");
}

TEST_CASE("early stop: by top-1, whatever the loss does", "[epoch_rules]") {
  EarlyStop stop({2, EpochMetric::top1, true, 0});
  CHECK_FALSE(stop.after(0.0, 1.0));
  CHECK_FALSE(stop.after(0.5, 2.0));
  CHECK_FALSE(stop.after(0.5, 1.0));  // 1
  CHECK(stop.after(0.4, 0.5));        // 2
  CHECK(stop.why() == "top-1 was not above the best epoch's for 2 consecutive epochs");
}

TEST_CASE("metrics: the iteration line has the original's form", "[metrics]") {
  IterationMetrics m;
  m.epoch = 1, m.epochs = 2, m.iteration = 2, m.iterations = 3;
  m.seconds = 0.196, m.seconds_total = 0.379, m.images = 8, m.images_total = 16;
  m.loss = 8 * 1.2549, m.loss_total = 8 * (1.2549 + 1.1948), m.correct = 2, m.correct_total = 4;
  CHECK(iteration_line(m) ==
        "Epoch: [1/2]\tIter: [2/3]\tAvg_Time_Batch/Avg_Time_Epoch(s): 0.196/0.190\tAvg_Ips_Batch/Avg_Ips_Epoch(img/s): "
        "40.8163/42.2164\t"
        "Avg_Loss_Batch/Avg_Loss_Epoch: 1.2549/1.2248\tAvg_Error_Batch/Avg_Error_Epoch: 0.7500/0.7500");
}

TEST_CASE("metrics: the epoch line is the original's", "[metrics]") {
  CHECK(epoch_line({1, 0.001, 44.36588572581268, 1.1927566528320312, 0.75, 1.0961157878239949, 0.375, 1.0}) ==
        "Epoch 1,train_ips 44.37,train_loss 1.192757,train_error 0.750000,valid_loss 1.09612,top1 acc 0.37500,top5 acc 1.00000");
}

TEST_CASE("metrics: an epoch's rows have the original's names, columns and order", "[metrics]") {
  const auto rows = epoch_event({3, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7}).rows;
  std::vector<std::string> names;
  for (const auto& row : rows) names.push_back(row.name + "/" + row.columns[0].first + "/" + row.columns[1].first);
  CHECK(names == std::vector<std::string>{"learning rate/epoch/lr", "Train images per second/epoch/train_ips",
                                          "Train loss/epoch/train_loss", "Train error/epoch/train_error",
                                          "Valid loss/epoch/valid_loss", "Top-1 validation accuracy/epoch/top1_acc",
                                          "Top-5 validation accuracy/epoch/top5_acc"});
}
