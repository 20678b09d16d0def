import { callerAddress, countryOf, networkOf } from "../../functions/src/http/caller.ts";

test.each<[string, string | string[] | undefined, number, string]>([
  ["without proxies the header is anybody's word", "6.6.6.6", 0, "10.0.0.1"],
  ["without a header it is the connection's", undefined, 1, "10.0.0.1"],
  ["an empty header says nothing", " , ", 1, "10.0.0.1"],
  ["one proxy: what it appended", "1.2.3.4", 1, "1.2.3.4"],
  ["one proxy: what the caller wrote is skipped", "6.6.6.6, 1.2.3.4", 1, "1.2.3.4"],
  ["one proxy: the header in several lines", ["6.6.6.6", "1.2.3.4"], 1, "1.2.3.4"],
  ["two proxies: what the first appended", "1.2.3.4, 10.0.0.9", 2, "1.2.3.4"],
  ["two proxies: the caller's own is skipped", "6.6.6.6,7.7.7.7, 1.2.3.4,10.0.0.9", 2, "1.2.3.4"],
  ["two proxies: empty entries of the caller do not count", ", ,1.2.3.4, 10.0.0.9", 2, "1.2.3.4"],
  ["two proxies: around the first, what the second saw", "1.2.3.4", 2, "1.2.3.4"],
  ["an IPv6 address", "6.6.6.6, 2001:db8::1", 1, "2001:db8::1"],
  ["an IPv6 address in another spelling", "2001:DB8:0::1", 1, "2001:db8::1"],
  ["with the port a proxy saw", "1.2.3.4:50123", 1, "1.2.3.4"],
  ["an IPv6 address with its port", "[2001:db8::1]:50123", 1, "2001:db8::1"],
  ["an IPv6 address in brackets", "[2001:DB8:0::1]", 1, "2001:db8::1"],
  ["IPv4 as a socket for both families spells it", "::ffff:1.2.3.4", 1, "1.2.3.4"],
  ["what is no address stays as it is", "unknown", 1, "unknown"],
])("the caller's address: %s", (_, forwarded, trustedProxies, address) => {
  const headers = forwarded === undefined ? {} : { "x-forwarded-for": forwarded as string };
  const socket = { remoteAddress: "10.0.0.1" } as never;
  expect(callerAddress({ headers, socket }, trustedProxies)).toBe(address);
});

test("a connection that is already gone has an unknown address", () => {
  expect(callerAddress({ headers: {}, socket: {} as never }, 0)).toBe("unknown");
});

test.each([
  ["192.0.2.7", "192.0.2.7"],
  ["::ffff:192.0.2.7", "192.0.2.7"],
  ["2001:db8:1:2:3:4:5:6", "20010db800010002"],
  ["2001:db8:1:2::9", "20010db800010002"],
  ["2001:db8:1:3::9", "20010db800010003"],
  ["unknown", "unknown"],
])("a customer has the whole network of %s", (address, network) => {
  expect(networkOf(address)).toBe(network);
});

const countryHeaders = ["cf-ipcountry", "x-country-code"];

test.each<[Record<string, string>, string | null]>([
  [{ "cf-ipcountry": "CH" }, "CH"],
  [{ "cf-ipcountry": " ch " }, "CH"],
  [{ "x-country-code": "DE" }, "DE"],
  [{ "cf-ipcountry": "XX", "x-country-code": "DE" }, "DE"],
  [{ "cf-ipcountry": "T1" }, null],
  [{ "cf-ipcountry": "Switzerland" }, null],
  [{ "x-other": "CH" }, null],
  [{}, null],
])("the country of %j is %s", (headers, country) => {
  expect(countryOf({ headers }, { countryHeaders, trustedProxies: 1 })).toBe(country);
});

test("without a proxy in front nobody says where a caller is", () => {
  const headers = { "cf-ipcountry": "CH" };
  expect(countryOf({ headers }, { countryHeaders, trustedProxies: 0 })).toBeNull();
});
