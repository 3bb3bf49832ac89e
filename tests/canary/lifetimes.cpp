// Objects, references and exceptions that live across an await.
#include "canary.hpp"

namespace canary {

std::vector<idiom> lifetime_idioms() {
  return {
      {"structured",
       []() -> Task<void> {
         auto [a, b] = co_await pr();
         OK(a == 1 && b.ok());
         co_await cref(b);
       }},
      {"structured_ref",
       []() -> Task<void> {
         auto&& [a, b] = co_await pr();
         OK(a == 1 && b.ok());
       }},
      {"push_back_await",
       []() -> Task<void> {
         std::vector<T> v;
         v.push_back(co_await mk());
         OK(v[0].ok());
       }},
      {"member_coro_temp_obj", []() -> Task<void> { co_await Obj{T("o")}.mem(3); }},
      {"member_coro_local",
       []() -> Task<void> {
         Obj o{T("o")};
         co_await o.mem(3);
         OK((co_await o.get()).ok());
       }},
      {"template_member",
       []() -> Task<void> {
         Tm<T> t{T("q")};
         T r = co_await t.g(T("y"));
         OK(r.ok());
       }},
      {"throw_with_temp",
       []() -> Task<void> {
         try {
           T t;
           co_await boom();
           OK(false);
         } catch (int) {
         }
       }},
      {"throw_arg_temp",
       []() -> Task<void> {
         auto f = [](const T&, int) {};
         auto b = []() -> Task<int> {
           co_await Yield{};
           throw 1;
         };
         try {
           f(T("z"), co_await b());
           OK(false);
         } catch (int) {
         }
       }},
      {"throw_agg_arg",
       []() -> Task<void> {
         auto b = []() -> Task<int> {
           co_await Yield{};
           throw 1;
         };
         try {
           Agg a{co_await one(), T("z"), std::to_string(co_await b())};
           OK(false);
         } catch (int) {
         }
       }},
      {"opt_value",
       []() -> Task<void> {
         auto f = []() -> Task<std::optional<T>> {
           co_await Yield{};
           co_return T("v");
         };
         if (auto o = co_await f())
           OK(o->ok());
         else
           OK(false);
       }},
      {"variant_ret",
       []() -> Task<void> {
         auto f = []() -> Task<std::variant<int, T>> {
           co_await Yield{};
           co_return T("v");
         };
         auto v = co_await f();
         OK(std::get<T>(v).ok());
       }},
      {"nested_block_dtor",
       []() -> Task<void> {
         {
           T a;
           {
             T b;
             co_await one();
           }
           co_await cref(a);
         }
         OK(live.empty());
       }},
      {"array_local",
       []() -> Task<void> {
         T a[3];
         co_await cref(a[1]);
       }},
      {"const_ref_bind",
       []() -> Task<void> {
         const T& r = co_await mk();
         OK(r.ok());
         co_await one();
         OK(r.ok());
       }},
      {"rval_ref_bind",
       []() -> Task<void> {
         T&& r = co_await mk();
         co_await one();
         OK(r.ok());
       }},
      {"new_expr",
       []() -> Task<void> {
         auto* p = new T(co_await mk());
         OK(p->ok());
         delete p;
       }},
      {"make_unique_await",
       []() -> Task<void> {
         auto p = std::make_unique<T>(co_await mk());
         OK(p->ok());
       }},
      {"compound_assign",
       []() -> Task<void> {
         int n = 0;
         n += co_await one();
         n += co_await one();
         OK(n == 2);
       }},
      {"static_cast_await", []() -> Task<void> { OK(static_cast<long>(co_await one()) == 1); }},
  };
}

}  // namespace canary
