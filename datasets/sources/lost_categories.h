// Folders that might have been categories, but hold no image that counts. Called by the format class_folders and by the account of
// class folders without metadata.
#pragma once
#include <map>
#include <string>
#include <vector>

#include "datasets/sources/account.h"
#include "datasets/sources/image_tree.h"

namespace torchport::datasets {

/// Names in `account` the folders beside the categories, and beside the folders on the way to them, that became none, and why.
/// `folders` are those of an ImageWalk, `top` is where class folders begin, `named` what they hold by its names, relative to `top`,
/// and `categories` what came of them.
void account_for_lost(const std::map<std::string, std::size_t>& folders, const std::string& top, const ClassFolders& named,
                      const std::vector<std::string>& categories, Account& account);

}  // namespace torchport::datasets
