/** Preloaded into a tool that listens on every address: it listens on this machine alone. */
const { Server } = require("node:net");

const { listen } = Server.prototype;
Server.prototype.listen = function (port, ...rest) {
  const isPort = typeof port === "number" || typeof port === "string";
  const host = typeof rest[0] === "string" ? rest[0] : undefined;
  if (isPort && (host === undefined || host === "0.0.0.0" || host === "::")) {
    const others = host === undefined ? rest : rest.slice(1);
    return listen.call(this, port, "127.0.0.1", ...others);
  }
  if (typeof port === "object" && port !== null && "port" in port)
    return listen.call(this, { ...port, host: "127.0.0.1" }, ...rest);
  return listen.call(this, port, ...rest);
};
