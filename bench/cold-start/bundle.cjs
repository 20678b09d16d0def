const { createServer, request } = require("node:http");
const { verify } = require("../../functions/lib/index.cjs");

const server = createServer(verify).listen(0, "127.0.0.1", () => {
  const { port } = server.address();
  // No key is given, so it is answered without a look at the database.
  request({ host: "127.0.0.1", port, method: "POST" }, (response) => {
    response.resume().on("end", () => {
      if (response.statusCode !== 400) throw new Error(`verify answered ${response.statusCode}`);
      console.log(`ready ${performance.now()}`);
      process.exit();
    });
  }).end();
});
