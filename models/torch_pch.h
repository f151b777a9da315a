// The precompiled header of everything that sees torch.
#pragma once
#include <torch/torch.h>

#include "runtime/pch.h"
