#include "component/training/recipe/optimizer.h"

#include "tests/support/catch.h"

using torchport::component::Sgd;

TEST_CASE("optimizer: three steps follow SGD with momentum 0.9, Nesterov and weight decay 1e-4", "[optimizer]") {
  const at::Tensor parameter = torch::full({2}, 4.0, at::kDouble).set_requires_grad(true);
  Sgd optimizer({parameter});
  double wanted = 4.0, velocity = 0.0;
  const double rates[] = {0.1, 0.05, 0.2}, gradients[] = {1.0, -3.0, 0.5};
  for (int step = 0; step < 3; ++step) {
    parameter.mutable_grad() = torch::full({2}, gradients[step], at::kDouble);
    optimizer.step(at::scalar_tensor(rates[step], at::kDouble), at::zeros({}));
    const double gradient = gradients[step] + 1e-4 * wanted;
    velocity = step == 0 ? gradient : 0.9 * velocity + gradient;
    wanted -= rates[step] * (gradient + 0.9 * velocity);
    CHECK(parameter[0].item<double>() == Approx(wanted).epsilon(1e-12));
    CHECK(parameter[1].item<double>() == parameter[0].item<double>());
  }
}
