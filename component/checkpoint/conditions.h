// What must be the same for a training to go on to the same bits: the build, the machine's part in it, the values and the inputs.
// Written into each checkpoint, and compared before a training goes on from one.
#pragma once
#include <atomic>
#include <vector>

#include "component/checkpoint/checkpoint_file.h"
#include "component/training/device.h"
#include "component/training/precision.h"
#include "datasets/directory/image_directory.h"
#include "runtime/request/context.h"

namespace torchport::component {

/// Of this rank. Each image counts by its name, label and size in bytes: their content is not read. \throws GivenUp as soon as
/// `given_up`
Conditions conditions_of(const runtime::Context& ctx, const Device& device, Precision precision,
                         const datasets::ImageDirectory& train, const datasets::ImageDirectory& valid,
                         const std::atomic<bool>& given_up);

/// A row for each that differs: its name, and "was X, is Y".
std::vector<runtime::Detail> differences(const Conditions& was, const Conditions& is);

}  // namespace torchport::component
