const { createServer, request } = require("node:http");
const { verify } = require("../../functions/lib/index.cjs");

const server = createServer(verify).listen(0, "127.0.0.1", () => {
  const { port } = server.address();
  // A key that nobody has: the client of the database is loaded, connects and reads one document.
  const asked = request({ host: "127.0.0.1", port, method: "POST" }, (response) => {
    response.resume().on("end", () => {
      if (response.statusCode !== 404) throw new Error(`verify answered ${response.statusCode}`);
      console.log(`ready ${performance.now()}`);
      process.exit();
    });
  });
  asked.end(JSON.stringify({ licenseKey: "none", productId: "none" }));
});
