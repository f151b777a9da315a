// The images that Apply Image Transformation cannot read: all of them are named, and so many may be left out as its caller allows.
#pragma once
#include <cstddef>
#include <map>
#include <mutex>
#include <string>

#include "datasets/directory/image_directory.h"
#include "runtime/error/error.h"
#include "runtime/report/log.h"

namespace torchport::datasets {

class UnusableImages {
 public:
  /// `images` must outlive this.
  UnusableImages(const ImageDirectory& images, double max_fraction) : images_(images), max_fraction_(max_fraction) {}

  /// Thread-safe, as are the questions after it.
  void add(std::size_t image, const std::string& reason);
  bool contains(std::size_t image) const;
  /// Whether there are more than allowed, so that nothing is to come out.
  bool too_many() const;
  std::size_t count() const;
  /// The error to end with, which names the first of them. \pre there is one
  runtime::Error error() const;
  /// For the log: how many are left out, the first of them, and the categories that have no image any more.
  void report(runtime::Log& log) const;

 private:
  bool beyond() const;

  const ImageDirectory& images_;
  const double max_fraction_;
  mutable std::mutex mutex_;
  std::map<std::size_t, std::string> reasons_;
};

/// "a.png, b.png and 7 more": the first few of some images, by their files.
std::string first_files(const ImageDirectory& images, const std::vector<std::size_t>& some);

}  // namespace torchport::datasets
