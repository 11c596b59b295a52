import { createContext, useContext } from "react";

/** Lets inline scripts of this document through the Content-Security-Policy. Empty in the browser, which hides nonces anyway. */
export const NonceContext = createContext<string>("");

export function useNonce(): string {
  return useContext(NonceContext);
}
