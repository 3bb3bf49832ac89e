// Runs a blocking function on the worker pool and resumes the caller on its own context.
//
// The only way from the network thread to files and hashing. Holds no state. The pool outlives the calls.
#pragma once

#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/thread_pool.hpp>
#include <type_traits>
#include <utility>

#include "core/error.hpp"
#include "core/time.hpp"
#include "net/use_tuple.hpp"

namespace shoal {

/// Runs the work, and destroys it with all that it holds before the caller gets the value.
template <class Work>
std::invoke_result_t<Work&> run_once(Work work) {
  return work();
}

/// `work` returns a value (a result<T>, not void) and does not throw. It runs on a thread of `pool`. The caller goes on
/// in its own context. Name the lambda first, then co_await.
template <class Work>
auto offload(asio::thread_pool& pool, Work work) -> awaitable<std::invoke_result_t<Work&>> {
  using value_type = std::invoke_result_t<Work&>;
  auto start = [&pool](auto handler, Work task) {
    auto home = asio::get_associated_executor(handler);
    // Keeps the caller's context running until the answer is there. Travels back with the answer: the thread
    // of the pool may be late to clean up, when the context may be gone.
    auto guard = asio::make_work_guard(home);
    asio::post(pool, [handler = std::move(handler), home, guard = std::move(guard), task = std::move(task)]() mutable {
      value_type value = run_once(std::move(task));
      auto answer = [handler = std::move(handler), value = std::move(value), guard = std::move(guard)]() mutable {
        std::move(handler)(std::move(value));
      };
      asio::post(home, std::move(answer));
    });
  };
  return asio::async_initiate<decltype(asio::use_awaitable), void(value_type)>(std::move(start), asio::use_awaitable,
                                                                               std::move(work));
}

/// Time between two tries of work that got no descriptor. Meanwhile other work ends, and gives its descriptors back.
inline constexpr duration descriptors_interval = std::chrono::milliseconds(200);

/// Like offload(), for a result<T>. Tries again after a while as long as the work fails with errc::limit and
/// `go_on(failure)` is true.
template <class Work, class Condition>
auto offload_patiently(asio::thread_pool& pool, Work work, Condition go_on) -> awaitable<std::invoke_result_t<Work&>> {
  auto outcome = co_await offload(pool, work);
  const auto executor = co_await asio::this_coro::executor;
  asio::steady_timer pause(executor);
  while (!outcome && outcome.error().code == errc::limit && go_on(outcome.error())) {
    pause.expires_after(descriptors_interval);
    (void)co_await pause.async_wait(use_tuple);
    outcome = co_await offload(pool, work);
  }
  co_return outcome;
}

}  // namespace shoal
