// Arguments and initializers built in the statement that awaits.
#include "canary.hpp"

namespace canary {

std::vector<idiom> argument_idioms() {
  return {
      {"val_temp", []() -> Task<void> { co_await val(T("a")); }},
      {"val_move",
       []() -> Task<void> {
         T t;
         co_await val(std::move(t));
       }},
      {"cref_temp", []() -> Task<void> { co_await cref(T("a")); }},
      {"rref_temp", []() -> Task<void> { co_await rref(T("a")); }},
      {"val_implicit", []() -> Task<void> { co_await val("a"); }},
      {"val_brace", []() -> Task<void> { co_await val({"a"}); }},
      {"agg_brace", []() -> Task<void> { co_await agg({1, T("x"), "n"}); }},
      {"agg_named_brace", []() -> Task<void> { co_await agg(Agg{1, T("x"), "n"}); }},
      {"agg_designated", []() -> Task<void> { co_await agg({.a = 1, .t = T("x"), .n = "n"}); }},
      {"agg_named_designated", []() -> Task<void> { co_await agg(Agg{.a = 1, .t = "x", .n = "n"}); }},
      {"aggc_brace", []() -> Task<void> { co_await aggc({1, T("x"), "n"}); }},
      {"aggc_named", []() -> Task<void> { co_await aggc(Agg{1, T("x"), "n"}); }},
      {"agg_local_move",
       []() -> Task<void> {
         Agg a{1, T("x"), "n"};
         co_await agg(std::move(a));
       }},
      {"vec_brace", []() -> Task<void> { co_await vec({T("a"), T("b")}); }},
      {"vec_named", []() -> Task<void> { co_await vec(std::vector<T>{T("a"), T("b")}); }},
      {"vec_brace_str", []() -> Task<void> { co_await vstr({"a", "b"}); }},
      {"map_brace", []() -> Task<void> { co_await mp({{"k", "v"}}); }},
      {"vec_local",
       []() -> Task<void> {
         std::vector<T> v{T("a"), T("b")};
         co_await vec(std::move(v));
       }},
      {"args_two_await",
       []() -> Task<void> {
         auto t = std::make_tuple(co_await one(), co_await mk());
         OK(std::get<1>(t).ok());
       }},
      {"args_await_temp",
       []() -> Task<void> {
         auto f = [](int, const T& t) { OK(t.ok()); };
         f(co_await one(), T("z"));
       }},
      {"args_temp_await",
       []() -> Task<void> {
         auto f = [](const T& t, int) { OK(t.ok()); };
         f(T("z"), co_await one());
       }},
      {"nested_await_arg", []() -> Task<void> { co_await val(co_await mk()); }},
      {"nested_await_cref", []() -> Task<void> { co_await cref(co_await mk()); }},
      {"agg_init_awaits",
       []() -> Task<void> {
         Agg a{co_await one(), co_await mk(), "n"};
         OK(a.t.ok());
       }},
      {"agg_init_designated_await",
       []() -> Task<void> {
         Agg a{.a = co_await one(), .t = co_await mk(), .n = "n"};
         OK(a.t.ok());
       }},
      {"agg_arg_await_inside", []() -> Task<void> { co_await agg(Agg{co_await one(), co_await mk(), "n"}); }},
      {"vec_init_awaits",
       []() -> Task<void> {
         std::vector<int> v{co_await one(), co_await one()};
         OK(v.size() == 2);
       }},
      {"vec_init_awaits_T",
       []() -> Task<void> {
         std::vector<T> v{co_await mk(), co_await mk()};
         OK(v[1].ok());
       }},
      {"map_index_await",
       []() -> Task<void> {
         std::map<int, T> m;
         m[co_await one()] = co_await mk();
         OK(m[1].ok());
       }},
      {"str_concat",
       []() -> Task<void> {
         std::string s = "abc" + (co_await mk()).s + "def";
         OK(s.size() > 30);
       }},
      {"default_arg_cref", []() -> Task<void> { co_await deft(); }},
      {"default_arg_val", []() -> Task<void> { co_await defv(); }},
  };
}

}  // namespace canary
