// The bearer token: kept in this tab only, and gone with it.

const KEY = "token";

export const token = {
  get: () => sessionStorage.getItem(KEY) ?? "",
  set: (text) => sessionStorage.setItem(KEY, text.trim()),
  /** The header, and the first message of a socket, that show it. */
  header: () => (token.get() ? { Authorization: `Bearer ${token.get()}` } : {}),
};
