import { describe, expect, it } from "vitest";
import { createStore } from "../src/loader/store";
import { blockedStorage, fakeStorage, fullStorage } from "./storage";

const prefix = "patchbay:inb_1:";

describe("the store on the customer's page", () => {
  it("keeps values under its prefix and gives them back", () => {
    const page = fakeStorage();
    createStore(prefix, () => page).put("token", "t1");
    expect({ ...page }).toEqual({ "patchbay:inb_1:token": "t1" });
    expect(createStore(prefix, () => page).all()).toEqual({ token: "t1" });
  });

  it("shows the frame nothing that is not under its prefix", () => {
    const page = fakeStorage({ cart: "secret", "patchbay:inb_2:token": "other", "patchbay:inb_1:token": "mine" });
    expect(createStore(prefix, () => page).all()).toEqual({ token: "mine" });
  });

  it.each(["", "a b", "a:b", "../cart", "x".repeat(101), "键"])("does not let the frame use the key %j", (key) => {
    const page = fakeStorage();
    createStore(prefix, () => page).put(key, "v");
    expect({ ...page }).toEqual({});
  });

  it("takes strings up to its limit; anything else clears the key", () => {
    const page = fakeStorage();
    const store = createStore(prefix, () => page);
    for (const value of ["x".repeat(65_537), { a: 1 } as unknown as string, 5 as unknown as string, null]) {
      store.put("k", "old");
      store.put("k", value);
      expect(store.all()).toEqual({});
      expect({ ...page }).toEqual({});
    }
  });

  it("lives in memory where storage is blocked", () => {
    const store = createStore(prefix, blockedStorage);
    store.put("token", "t1");
    expect(store.all()).toEqual({ token: "t1" });
    store.put("token", null);
    expect(store.all()).toEqual({});
  });

  it("sees what another tab wrote since", () => {
    const page = fakeStorage();
    const store = createStore(prefix, () => page);
    store.put("token", "mine");
    page.setItem(`${prefix}token`, "theirs");
    expect(store.all()).toEqual({ token: "theirs" });
  });

  it("prefers what it could not write over what is old", () => {
    const store = createStore(prefix, () => fullStorage({ "patchbay:inb_1:token": "old" }));
    store.put("token", "new");
    expect(store.all()).toEqual({ token: "new" });
  });
});
