#include "datasets/sources/directory_account.h"

#include "datasets/directory/unlisted.h"
#include "datasets/sources/image_walk.h"
#include "datasets/sources/lost_categories.h"
#include "datasets/sources/twins.h"

namespace torchport::datasets {

Account account_of(const ImageDirectory& images) {
  Account account;
  if (!images.raw()) {
    for (const std::string& file : unlisted_files(images)) account.leave_out("not named by the index", file);
    return account;
  }
  ImageWalk walk = walk_images(images.root(), {images.what(), Links::inside, {}});
  account = std::move(walk.account);
  if (!images.labelled()) return account;
  const ClassFolders named = sort_into_classes(std::move(walk.images));
  for (const std::string& file : named.ignored) account.leave_out("not exactly one folder deep", file);
  account_for_lost(walk.folders, "", named, named.categories, account);
  remark_twins(named.categories, account);
  return account;
}

void tell_of_raw(const ImageDirectory& images, runtime::Log& log) {
  if (!images.raw()) return;
  log.warning("The " + images.what() + " has no _meta.yaml: " +
              (images.labelled() ? "it is taken as a tree of class folders, one category each."
                                 : "its images are taken without labels, because none lies exactly one folder deep."));
  for (const auto& line : account_of(images).lines()) line.warning ? log.warning(line.text) : log.info(line.text);
}

}  // namespace torchport::datasets
