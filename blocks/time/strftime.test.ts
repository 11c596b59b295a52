import { describe, expect, it } from "vitest";
import { strftime } from "./strftime.ts";
import { offsetText, zonedTime } from "./zoned-time.ts";

const SUNDAY = Date.UTC(2026, 8, 6, 14, 5, 9, 123);
const inZone = (format: string, zone = "UTC", at = SUNDAY): string => strftime(format, zonedTime(at, zone));

describe("strftime", () => {
  // What Python 3's datetime.strftime gives for 2026-09-06 14:05:09.123 in the C locale.
  it.each([
    ["%a %A %w", "Sun Sunday 0"],
    ["%d %b %B %m %y %Y", "06 Sep September 09 26 2026"],
    ["%H %I %p %M %S %f", "14 02 PM 05 09 123000"],
    ["%j %U %W", "249 36 35"],
    ["%G %V %u", "2026 36 7"],
    ["%c", "Sun Sep  6 14:05:09 2026"],
    ["%x", "09/06/26"],
    ["%X", "14:05:09"],
    ["%z|%Z|%:z", "+0000|UTC|+00:00"],
    ["%-d %-m %-H %-I %-M", "6 9 14 2 5"],
    ["%D %F %T %R", "09/06/26 2026-09-06 14:05:09 14:05"],
    ["%e|%k|%l|%r", " 6|14| 2|02:05:09 PM"],
    ["%C %h %P %s", "20 Sep pm 1788703509"],
    ["%n%t", "\n\t"],
    ["100%% %%d", "100% %d"],
    ["%Q %! 5% %", "%Q %! 5% %"],
    ["", ""],
    ["no directive, 年月日", "no directive, 年月日"],
  ])("%j", (format, expected) => {
    expect(inZone(format)).toBe(expected);
  });

  it.each([
    ["Europe/Berlin", "2026-09-06 16:05:09 +0200"],
    ["America/New_York", "2026-09-06 10:05:09 -0400"],
    ["Asia/Kolkata", "2026-09-06 19:35:09 +0530"],
    ["Pacific/Kiritimati", "2026-09-07 04:05:09 +1400"],
    ["America/St_Johns", "2026-09-06 11:35:09 -0230"],
  ])("in %s", (zone, expected) => {
    expect(inZone("%Y-%m-%d %H:%M:%S %z", zone)).toBe(expected);
  });

  it("gives the epoch whatever the zone", () => {
    expect(inZone("%s", "Asia/Tokyo")).toBe(inZone("%s"));
  });

  it("has a limit", () => {
    expect(() => inZone("x".repeat(1001))).toThrow(expect.objectContaining({ code: "format_too_long" }) as Error);
  });
});

describe("zonedTime", () => {
  it("knows both sides of a change of the clocks, midnight and times before 1970", () => {
    const berlin = (at: number): string => inZone("%Y-%m-%d %H:%M %z", "Europe/Berlin", at);
    expect(berlin(Date.UTC(2026, 2, 29, 0, 59))).toBe("2026-03-29 01:59 +0100");
    expect(berlin(Date.UTC(2026, 2, 29, 1, 0))).toBe("2026-03-29 03:00 +0200");
    expect(berlin(Date.UTC(2026, 9, 25, 0, 30))).toBe("2026-10-25 02:30 +0200");
    expect(berlin(Date.UTC(2026, 9, 25, 1, 30))).toBe("2026-10-25 02:30 +0100");
    expect(berlin(Date.UTC(2026, 0, 1, 23, 0))).toBe("2026-01-02 00:00 +0100");
    expect(inZone("%Y-%m-%d %H:%M:%S.%f", "UTC", -1)).toBe("1969-12-31 23:59:59.999000");
  });

  it.each(["", "Mars/Olympus", "__proto__", "UTC;", "Europe/Berlin\n"])("refuses the zone %j", (zone) => {
    expect(() => zonedTime(SUNDAY, zone)).toThrow(expect.objectContaining({ code: "unknown_time_zone" }) as Error);
  });
});

describe("offsetText", () => {
  it("has a sign", () => {
    expect([offsetText(0, ":"), offsetText(-150, ":"), offsetText(330, "")]).toEqual(["+00:00", "-02:30", "+0530"]);
  });
});
