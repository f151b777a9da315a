// What the parts of the stand-in share: the counts, and the streams, whose work the CPU does at once but whose order must be asked
// for as on a GPU. Used by tests/support/fake_cuda*.cpp.
#pragma once
#include <c10/core/Stream.h>

#include <map>
#include <mutex>

#include "tests/support/fake_cuda.h"

namespace torchport::test::fake_cuda {

/// Of each stream, how many of its pieces of work are over.
using Clock = std::map<c10::StreamId, std::int64_t>;

/// A piece of work, numbered on its stream from 1.
struct Moment {
  c10::StreamId stream = 0;
  std::int64_t number = 0;
};

/// Everything else here is called by whoever holds this.
std::recursive_mutex& mutex();
Counts& counting();

/// This thread's stream; 0 is the device's default one.
c10::StreamId current_stream();
c10::StreamId exchange_stream(c10::StreamId stream);
c10::StreamId new_stream();

/// The next piece of work on this thread's stream.
Moment begin_work();
/// Whether `work` is over for sure before what comes next on `stream`.
bool is_over(const Moment& work, c10::StreamId stream);
/// All that is over once `stream` has come to this point: an event.
Clock record(c10::StreamId stream);
Clock all_work();
void wait(c10::StreamId stream, const Clock& event);
/// The host knows that an event has come: what it asks for later, on any stream, comes after it.
void host_knows(const Clock& event);

}  // namespace torchport::test::fake_cuda
