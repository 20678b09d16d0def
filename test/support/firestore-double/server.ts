import http from "node:http";
import net, { type AddressInfo } from "node:net";
import { type ConnectionInjector, Server, ServerCredentials } from "@grpc/grpc-js";
import { Engine } from "./engine.ts";
import { type Billed, Handlers } from "./handlers.ts";
import { type IndexFile, IndexRules } from "./index-rules.ts";
import { firestoreService } from "./service.ts";

export type { IndexFile } from "./index-rules.ts";

export type FirestoreDouble = {
  /** Host and port, the value for FIRESTORE_EMULATOR_HOST. */
  readonly host: string;
  /** Drops every document. */
  clear(): void;
  readonly stats: {
    readonly commits: number;
    /** Transactions and commits ended by a deadlock, a long wait or a long silence. */
    readonly aborted: number;
    readonly billed: Readonly<Billed>;
  };
  close(): Promise<void>;
};

type Options = {
  /** 0, the default, takes a free port. */
  readonly port?: number;
  /** Without it every query is served and index limits do not apply. */
  readonly indexes?: IndexFile | undefined;
};

/** grpc-js takes 4 MB unless told; a request over 10 MiB must arrive to be refused properly. */
const MAX_MESSAGE_BYTES = 32 * 1024 * 1024;
const SWEEP_MS = 500;
const HTTP2_PREFACE = "PRI";
const RESET_PATH = /^\/emulator\/v1\/(projects\/[^/]+\/databases\/[^/]+\/documents)$/;

function resetServer(engine: Engine): http.Server {
  return http.createServer((request, response) => {
    const prefix = RESET_PATH.exec(decodeURIComponent(request.url ?? ""))?.[1];
    const isReset = request.method === "DELETE" && prefix !== undefined;
    if (isReset) engine.documents.clear(`${prefix}/`);
    response.statusCode = isReset ? 200 : 404;
    response.end("{}");
  });
}

/** One port for both protocols: the first bytes tell them apart. */
function frontServer(engine: Engine, grpc: ConnectionInjector, sockets: Set<net.Socket>) {
  const web = resetServer(engine);
  return net.createServer((socket) => {
    const peer = `${socket.remoteAddress}:${socket.remotePort}`;
    sockets.add(socket);
    socket.setNoDelay(true);
    socket.on("error", () => socket.destroy());
    socket.once("close", () => {
      sockets.delete(socket);
      engine.transactions.orphan(peer);
    });
    socket.once("readable", () => {
      const first: Buffer | null = socket.read();
      if (!first) return socket.destroy();
      socket.unshift(first);
      if (first.toString("latin1", 0, 3) === HTTP2_PREFACE) grpc.injectConnection(socket);
      else web.emit("connection", socket);
    });
  });
}

export async function startFirestoreDouble(options: Options = {}): Promise<FirestoreDouble> {
  const engine = new Engine(options.indexes && new IndexRules(options.indexes));
  const handlers = new Handlers(engine);
  const { definition, implementation } = firestoreService(handlers);
  const server = new Server({
    "grpc.max_receive_message_length": MAX_MESSAGE_BYTES,
    "grpc.max_send_message_length": -1,
  });
  server.addService(definition, implementation);
  const grpc = server.createConnectionInjector(ServerCredentials.createInsecure());
  const sockets = new Set<net.Socket>();
  const front = frontServer(engine, grpc, sockets);
  const listening = Promise.withResolvers<void>();
  front.once("error", listening.reject);
  front.listen(options.port ?? 0, "127.0.0.1", listening.resolve);
  await listening.promise;
  const sweeper = setInterval(() => engine.transactions.sweep(), SWEEP_MS);
  return {
    host: `127.0.0.1:${(front.address() as AddressInfo).port}`,
    clear: () => engine.documents.clear(),
    stats: {
      get commits() {
        return engine.commitCount;
      },
      get aborted() {
        return engine.transactions.abortedCount;
      },
      get billed() {
        return { ...handlers.billed };
      },
    },
    async close() {
      clearInterval(sweeper);
      const closed = Promise.withResolvers<void>();
      front.close(() => closed.resolve());
      server.forceShutdown();
      for (const socket of sockets) socket.destroy();
      await closed.promise;
    },
  };
}
