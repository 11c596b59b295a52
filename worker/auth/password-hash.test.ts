import { describe, expect, it } from "vitest";
import { hashPassword, verifyPassword } from "./password-hash.ts";

describe("password hashing", () => {
  it("accepts the right password and no other", async () => {
    const hash = await hashPassword("correct horse");
    expect(await verifyPassword({ hash, password: "correct horse" })).toBe(true);
    expect(await verifyPassword({ hash, password: "correct horsE" })).toBe(false);
    expect(await verifyPassword({ hash, password: "" })).toBe(false);
  });

  it("salts: the same password twice gives two hashes, and neither holds the password", async () => {
    const [first, second] = await Promise.all([hashPassword("secret-word"), hashPassword("secret-word")]);
    expect(first).not.toBe(second);
    expect(first).not.toContain("secret-word");
  });

  it("treats both ways of writing an accented letter as the same password", async () => {
    const hash = await hashPassword("caf\u00e9 au lait");
    expect(await verifyPassword({ hash, password: "cafe\u0301 au lait" })).toBe(true);
  });

  it.each(["", "scrypt", "bcrypt$1$2$3$4$5", "scrypt$1$1$1$c2FsdA$a2V5", "scrypt$16384$16$1$$"])(
    "refuses the foreign hash %j, whatever the password",
    async (hash) => {
      expect(await verifyPassword({ hash, password: "" })).toBe(false);
    },
  );
});
