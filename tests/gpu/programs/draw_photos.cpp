// Draws JPEG files in class folders, as large as photos are and as much work for a decoder: noise of all scales, whose grain and
// hue are the category's, so that a network can tell them apart. For machines to which no photos can be carried.
//   draw_photos FOLDER --train N --valid N [--size WIDTHxHEIGHT] [--threads N]
// Fills FOLDER/train and FOLDER/valid, always with the same images, and prints the mean bytes of a file.
#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <random>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <jpeglib.h>  // after <cstdio>, whose names it takes for granted

namespace {

struct Arguments {
  std::filesystem::path folder;
  int train = 0, valid = 0, width = 500, height = 375, threads = 1;
};

struct Category {
  const char* name;
  float stretch;  // of the grain, across
  float hue[3];   // added to red, green and blue
};
constexpr Category kCategories[] = {
    {"bark", 0.4f, {24, 4, -28}}, {"grass", 0.7f, {-18, 26, -20}}, {"sand", 1.4f, {30, 18, -12}}, {"water", 2.5f, {-26, -4, 30}}};
constexpr int kQuality = 90, kLargest = 128;  // of the grain, pixels

using Plane = std::vector<float>;

/// Noise of one scale: random values on a grid of cells, interpolated between them.
void add_octave(Plane& plane, int width, int height, float across, float down, float strength, std::mt19937& random) {
  const int columns = static_cast<int>(static_cast<float>(width) / across) + 2,
            rows = static_cast<int>(static_cast<float>(height) / down) + 2;
  std::vector<float> grid(static_cast<std::size_t>(columns) * static_cast<std::size_t>(rows));
  for (float& value : grid) value = (static_cast<float>(random() >> 8) / 8388608.0f - 1) * strength;
  for (int y = 0; y < height; ++y) {
    const float v = static_cast<float>(y) / down;
    const int row = static_cast<int>(v);
    const float lower = v - static_cast<float>(row);
    const float* const above = grid.data() + static_cast<std::ptrdiff_t>(row) * columns;
    float* const out = plane.data() + static_cast<std::ptrdiff_t>(y) * width;
    for (int x = 0; x < width; ++x) {
      const float u = static_cast<float>(x) / across;
      const int column = static_cast<int>(u);
      const float right = u - static_cast<float>(column);
      const float* const left = above + column;
      const float upper_value = left[0] + (left[1] - left[0]) * right;
      const float lower_value = left[columns] + (left[columns + 1] - left[columns]) * right;
      out[x] += upper_value + (lower_value - upper_value) * lower;
    }
  }
}

Plane noise(int width, int height, float stretch, float finest, float exponent, float strength, std::mt19937& random) {
  Plane plane(static_cast<std::size_t>(width) * static_cast<std::size_t>(height));
  for (float cell = kLargest; cell >= finest; cell /= 2)
    add_octave(plane, width, height, std::max(1.0f, cell * stretch), std::max(1.0f, cell / stretch),
               strength * std::pow(cell / kLargest, exponent), random);
  return plane;
}

std::vector<unsigned char> draw(const Arguments& a, const Category& category, std::mt19937& random) {
  const Plane light = noise(a.width, a.height, category.stretch, 1, 0.32f, 56, random);
  const Plane warm = noise(a.width, a.height, 1, 16, 0.8f, 28, random);
  std::vector<unsigned char> pixels(light.size() * 3);
  const float brightness = 100 + static_cast<float>(random() % 56);
  for (std::size_t i = 0; i < light.size(); ++i) {
    const float tint[3] = {warm[i], 0, -warm[i]};
    for (std::size_t c = 0; c < 3; ++c)
      pixels[3 * i + c] = static_cast<unsigned char>(std::clamp(brightness + light[i] + tint[c] + category.hue[c], 0.0f, 255.0f));
  }
  return pixels;
}

std::size_t write(const std::filesystem::path& path, const Arguments& a, std::vector<unsigned char>& pixels) {
  jpeg_compress_struct jpeg{};
  jpeg_error_mgr errors{};
  jpeg.err = jpeg_std_error(&errors);  // what fails here ends the program, with its reason
  jpeg_create_compress(&jpeg);
  unsigned char* bytes = nullptr;
  unsigned long size = 0;
  jpeg_mem_dest(&jpeg, &bytes, &size);
  jpeg.image_width = static_cast<JDIMENSION>(a.width);
  jpeg.image_height = static_cast<JDIMENSION>(a.height);
  jpeg.input_components = 3;
  jpeg.in_color_space = JCS_RGB;
  jpeg_set_defaults(&jpeg);
  jpeg_set_quality(&jpeg, kQuality, TRUE);
  jpeg_start_compress(&jpeg, TRUE);
  while (jpeg.next_scanline < jpeg.image_height) {
    JSAMPROW row = pixels.data() + static_cast<std::size_t>(jpeg.next_scanline) * static_cast<std::size_t>(a.width) * 3;
    jpeg_write_scanlines(&jpeg, &row, 1);
  }
  jpeg_finish_compress(&jpeg);
  jpeg_destroy_compress(&jpeg);
  std::FILE* const file = std::fopen(path.c_str(), "wb");
  const bool written = file != nullptr && std::fwrite(bytes, 1, size, file) == size;
  const bool closed = file != nullptr && std::fclose(file) == 0;
  std::free(bytes);
  if (!written || !closed) throw std::runtime_error("cannot write " + path.string());
  return size;
}

Arguments parse(const std::vector<std::string>& words) {
  Arguments a;
  a.folder = words.at(0);
  for (std::size_t i = 1; i < words.size(); i += 2) {
    const std::string& value = words.at(i + 1);
    if (words[i] == "--train")
      a.train = std::stoi(value);
    else if (words[i] == "--valid")
      a.valid = std::stoi(value);
    else if (words[i] == "--threads")
      a.threads = std::stoi(value);
    else if (words[i] != "--size" || std::sscanf(value.c_str(), "%dx%d", &a.width, &a.height) != 2)
      throw std::invalid_argument("unknown word " + words[i]);
  }
  return a;
}

}  // namespace

int main(int argc, char** argv) try {
  const Arguments a = parse({argv + 1, argv + argc});
  for (const char* const part : {"train", "valid"})
    for (const Category& category : kCategories) std::filesystem::create_directories(a.folder / part / category.name);
  std::atomic<int> next = 0;
  std::atomic<std::size_t> bytes = 0;
  const int all = a.train + a.valid;
  const auto work = [&] {
    for (int i = next++; i < all; i = next++) {
      const Category& category = kCategories[static_cast<std::size_t>(i) % std::size(kCategories)];
      std::mt19937 random(static_cast<std::uint32_t>(i) + 1);
      auto pixels = draw(a, category, random);
      bytes += write(a.folder / (i < a.train ? "train" : "valid") / category.name / (std::to_string(i) + ".jpg"), a, pixels);
    }
  };
  std::vector<std::thread> threads;
  for (int t = 0; t < a.threads; ++t) threads.emplace_back(work);
  for (std::thread& thread : threads) thread.join();
  std::printf("%d images of %d x %d, %zu bytes each\n", all, a.width, a.height,
              all > 0 ? bytes / static_cast<std::size_t>(all) : 0);
  return 0;
} catch (const std::exception& error) {
  std::fprintf(stderr, "draw_photos: %s\n", error.what());
  return 1;
}
