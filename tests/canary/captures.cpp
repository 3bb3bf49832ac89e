// Lambdas and function objects that cross an await, and coroutines that are lambdas.
#include "canary.hpp"

namespace canary {

std::vector<idiom> capture_idioms() {
  return {
      {"lambda_capture_val",
       []() -> Task<void> {
         T t;
         co_await cb([t] { OK(t.ok()); });
       }},
      {"lambda_capture_move",
       []() -> Task<void> {
         T t;
         co_await cb([t = std::move(t)] { OK(t.ok()); });
       }},
      {"lambda_capture_ref",
       []() -> Task<void> {
         T t;
         co_await cb([&] { OK(t.ok()); });
       }},
      {"lambda_capture_val_fwdref",
       []() -> Task<void> {
         T t;
         co_await cbr([t] { OK(t.ok()); });
       }},
      {"lambda_capture_uniqueptr",
       []() -> Task<void> {
         auto p = std::make_unique<T>();
         co_await cb([p = std::move(p)] { OK(p->ok()); });
       }},
      {"lambda_capture_shared",
       []() -> Task<void> {
         auto p = std::make_shared<T>();
         co_await cb([p] { OK(p->ok()); });
       }},
      {"lambda_local_move",
       []() -> Task<void> {
         T t;
         auto f = [t] { OK(t.ok()); };
         co_await cb(std::move(f));
       }},
      {"stdfunction_lambda_capture",
       []() -> Task<void> {
         T t;
         co_await fn([t] { OK(t.ok()); });
       }},
      {"stdfunction_lambda_ref",
       []() -> Task<void> {
         T t;
         co_await fn([&] { OK(t.ok()); });
       }},
      {"coro_lambda_capture_named",
       []() -> Task<void> {
         T t;
         auto f = [t]() -> Task<void> {
           co_await Yield{};
           OK(t.ok());
         };
         co_await f();
       }},
      {"coro_lambda_capture_iife",
       []() -> Task<void> {
         T t;
         co_await [t]() -> Task<void> {
           co_await Yield{};
           OK(t.ok());
         }();
       }},
      {"coro_lambda_capture_iife_ref",
       []() -> Task<void> {
         T t;
         co_await [&]() -> Task<void> {
           co_await Yield{};
           OK(t.ok());
         }();
       }},
      {"coro_lambda_param",
       []() -> Task<void> {
         T t;
         co_await [](T x) -> Task<void> {
           co_await Yield{};
           OK(x.ok());
         }(t);
       }},
      {"this_capture_lambda",
       []() -> Task<void> {
         struct S {
           T t;
           Task<void> go() {
             auto f = [this]() -> Task<void> {
               co_await Yield{};
               OK(t.ok());
             };
             co_await f();
           }
         };
         S s{T("s")};
         co_await s.go();
       }},
      {"auto_param_lambda",
       []() -> Task<void> {
         auto f = [](auto x) -> Task<void> {
           co_await Yield{};
           OK(x.ok());
         };
         co_await f(T("g"));
       }},
      {"variadic",
       []() -> Task<void> {
         auto f = []<class... A>(A... a) -> Task<int> {
           co_await Yield{};
           co_return (0 + ... + int(a.ok()));
         };
         OK(co_await f(T("1"), T("2")) == 2);
       }},
  };
}

}  // namespace canary
