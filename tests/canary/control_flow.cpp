// Awaits inside conditions, loops, short-circuit and conditional operators, and returns.
#include "canary.hpp"

namespace canary {

std::vector<idiom> control_flow_idioms() {
  return {
      {"ternary_outer",
       []() -> Task<void> {
         bool c = live.empty();
         co_await (c ? cref(T("a")) : cref(T("b")));
       }},
      {"ternary_inner",
       []() -> Task<void> {
         bool c = live.empty();
         T x = c ? co_await mk("a") : co_await mk("b");
         OK(x.ok());
       }},
      {"ternary_mixed",
       []() -> Task<void> {
         bool c = live.empty();
         T x = c ? co_await mk("a") : T("b");
         OK(x.ok());
       }},
      {"ternary_mixed_else",
       []() -> Task<void> {
         bool c = !live.empty();
         T x = c ? co_await mk("a") : T("b");
         OK(x.ok());
       }},
      {"ternary_arg",
       []() -> Task<void> {
         bool c = live.empty();
         co_await val(c ? T("a") : T("b"));
       }},
      {"if_init",
       []() -> Task<void> {
         if (auto x = co_await mk(); x.ok()) {
           OK(true);
         } else
           OK(false);
       }},
      {"if_not",
       []() -> Task<void> {
         if (!co_await yes()) OK(false);
       }},
      {"logical_and",
       []() -> Task<void> {
         if (co_await yes() && co_await yes())
           OK(true);
         else
           OK(false);
       }},
      {"logical_or_short",
       []() -> Task<void> {
         int n = 0;
         if (co_await yes() || (n = co_await one(), true)) OK(n == 0);
       }},
      {"logical_temp",
       []() -> Task<void> {
         if (co_await yes() && (co_await mk()).ok())
           OK(true);
         else
           OK(false);
       }},
      {"while_cond",
       []() -> Task<void> {
         int n = 0;
         while (co_await yes()) {
           if (++n == 3) break;
         }
         OK(n == 3);
       }},
      {"while_temp",
       []() -> Task<void> {
         int n = 0;
         while ((co_await mk()).ok()) {
           if (++n == 3) break;
         }
       }},
      {"for_cond",
       []() -> Task<void> {
         for (int i = 0; i < co_await one(); ++i) {
           OK(i == 0);
         }
       }},
      {"range_for",
       []() -> Task<void> {
         int n = 0;
         for (auto& x : co_await mkv()) {
           OK(x.ok());
           ++n;
         }
         OK(n == 2);
       }},
      {"range_for_body",
       []() -> Task<void> {
         auto v = co_await mkv();
         for (auto& x : v) {
           co_await cref(x);
         }
       }},
      {"switch_await",
       []() -> Task<void> {
         switch (co_await one()) {
           case 1: {
             T t;
             co_await cref(t);
             break;
           }
           default:
             OK(false);
         }
       }},
      {"co_return_agg",
       []() -> Task<void> {
         auto f = []() -> Task<Agg> {
           co_await Yield{};
           co_return Agg{1, T("x"), "n"};
         };
         Agg a = co_await f();
         OK(a.t.ok());
       }},
      {"co_return_brace",
       []() -> Task<void> {
         auto f = []() -> Task<std::optional<T>> {
           co_await Yield{};
           co_return std::nullopt;
         };
         OK(!(co_await f()));
       }},
      {"co_return_await",
       []() -> Task<void> {
         auto f = []() -> Task<T> { co_return co_await mk(); };
         OK((co_await f()).ok());
       }},
      {"co_return_ternary",
       []() -> Task<void> {
         auto f = [](bool c) -> Task<T> { co_return c ? co_await mk() : T("e"); };
         OK((co_await f(true)).ok());
         OK((co_await f(false)).ok());
       }},
      {"comma",
       []() -> Task<void> {
         int x = (co_await one(), co_await one());
         OK(x == 1);
       }},
      {"constexpr_if",
       []() -> Task<void> {
         if constexpr (sizeof(int) == 4) {
           T t;
           co_await cref(t);
         }
       }},
      {"goto_free_loop_continue",
       []() -> Task<void> {
         for (int i = 0; i < 3; ++i) {
           T t;
           if (i == 1) continue;
           co_await cref(t);
           if (i == 2) break;
         }
       }},
      {"early_return_guard",
       []() -> Task<void> {
         auto f = [](bool b) -> Task<void> {
           T g;
           if (b) co_return;
           co_await cref(g);
         };
         co_await f(true);
         co_await f(false);
       }},
  };
}

}  // namespace canary
