import { expect, test } from "vitest";
import { phoneAddress } from "@/start/reach";

const here = { url: "http://127.0.0.1:8080", from: "here" as const };
const network = { url: "http://192.168.1.20:8080", from: "network" as const };

test("a phone uses the address this page came by", () => {
  expect(phoneAddress([here], "https://help.example.com")).toBe("https://help.example.com");
  expect(phoneAddress([here, network], "http://192.168.1.7:8080")).toBe("http://192.168.1.7:8080");
});

test("from a loopback page, the server's address in the network", () => {
  for (const origin of ["http://localhost:8080", "http://127.0.0.1:8080", "http://[::1]:8080", "http://patchbay.localhost"]) {
    expect(phoneAddress([network, here], origin)).toBe(network.url);
    expect(phoneAddress([here], origin)).toBeUndefined();
    expect(phoneAddress([], origin)).toBeUndefined();
  }
});
