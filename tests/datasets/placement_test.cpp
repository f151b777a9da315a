#include "datasets/pixels/placement.h"

#include "tests/support/catch.h"

using namespace torchport::datasets;

TEST_CASE("placement: crops, one resizing and flips are told as one", "[placement]") {
  Placement p = Placement::whole({300, 400});
  CHECK(p.keeps({300, 400}));
  REQUIRE(p.then(Placement::cut({10, 20, 200, 300})));
  REQUIRE(p.then(Placement::resized({5, 6, 100, 150}, {50, 60}, Interpolation::bicubic)));
  CHECK(p.box == Box{15, 26, 100, 150});
  Placement flip = Placement::whole({50, 60});
  flip.mirrored = true;
  REQUIRE(p.then(flip));
  REQUIRE(p.then(Placement::cut({1, 2, 30, 40})));
  CHECK(p.part == Box{1, 60 - 2 - 40, 30, 40});
  CHECK(p.mirrored);
  CHECK_FALSE(p.then(Placement::resized({0, 0, 30, 40}, {20, 20}, Interpolation::bilinear)));
  CHECK(p.part == Box{1, 18, 30, 40});
  CHECK_FALSE(p.keeps({300, 400}));
}

TEST_CASE("placement: a mirrored image is not resized in the same go", "[placement]") {
  Placement p = Placement::whole({30, 40});
  p.mirrored = true;
  CHECK_FALSE(p.then(Placement::resized({0, 0, 30, 40}, {20, 20}, Interpolation::bilinear)));
}

TEST_CASE("placement: only what a part is made of is read", "[placement]") {
  Placement p = Placement::resized({100, 200, 448, 448}, {224, 224}, Interpolation::bilinear);
  CHECK(source_of(p) == Box{100, 200, 448, 448});
  REQUIRE(p.then(Placement::cut({56, 56, 112, 112})));
  CHECK(source_of(p) == Box{100 + 111, 200 + 111, 226, 226});  // one pixel more on each side shines in
  Placement cut = Placement::whole({375, 500});
  REQUIRE(cut.then(Placement::cut({7, 9, 20, 30})));
  CHECK(source_of(cut) == Box{7, 9, 20, 30});
}

TEST_CASE("placement: an image is made smaller before only where it still has the pixels", "[placement]") {
  const auto shrink = [](int height, int width) {
    return shrink_before(Placement::resized({0, 0, height, width}, {224, 224}, Interpolation::bilinear));
  };
  CHECK(shrink(447, 1000) == 1);
  CHECK(shrink(448, 448) == 2);
  CHECK(shrink(1000, 447) == 1);
  CHECK(shrink(1792, 1791) == 4);
  CHECK(shrink(1791, 1792) == 4);
  CHECK(shrink(5000, 5000) == 8);
  CHECK(shrink(100, 100) == 1);
  CHECK(shrink_before(Placement::cut({0, 0, 1000, 1000})) == 1);
}

TEST_CASE("resize: what this processor does quickly equals the plain arithmetic", "[placement]") {
  std::vector<std::uint8_t> in(5000);
  for (std::size_t i = 0; i < in.size(); ++i) in[i] = static_cast<std::uint8_t>(i * i * 31 % 257 + (i % 3 == 0 ? 250 : 0));
  ResizeKernel kernel;
  constexpr int kWidth = 311;
  const ResizeCode* const code = avx2_resize();
  if (code == nullptr) {
    WARN("NOT CHECKED: this processor lacks AVX2");
    return;
  }
  for (const auto interpolation : {Interpolation::bilinear, Interpolation::bicubic}) {
    for (const int out : {1, 7, 90, 311, 900}) {
      for (const bool mirrored : {false, true}) {
        kernel.set({0, kWidth, kWidth, out, interpolation}, 0, out, mirrored);
        for (int rows = 1; rows <= kResizeRows; ++rows) {
          std::vector<std::uint8_t> quick(static_cast<std::size_t>(3 * out * rows)), plain = quick;
          code->rows(in.data(), 3 * kWidth, rows, kernel, quick.data());
          plain_resize()->rows(in.data(), 3 * kWidth, rows, kernel, plain.data());
          CHECK(quick == plain);
        }
      }
    }
    for (const int out : {3, 9, 17}) {
      kernel.set({0, 20, 20, out, interpolation}, 0, out, false);
      for (const ResizeSpan& span : kernel.spans) {  // of 1 to 27 rows
        for (const std::size_t width : {1, 15, 16, 33, 200}) {
          std::vector<std::uint8_t> quick(width), plain(width);
          code->blend(in.data(), 207, span.count, kernel.of(span), width, quick.data());
          plain_resize()->blend(in.data(), 207, span.count, kernel.of(span), width, plain.data());
          CHECK(quick == plain);
        }
      }
    }
  }
}
