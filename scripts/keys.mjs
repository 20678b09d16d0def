// Key pairs and root signatures, for a root key that the service never sees. See docs/operations.md.
import { createPrivateKey, createPublicKey, generateKeyPairSync, sign, verify } from "node:crypto";
import { closeSync, openSync, readFileSync, writeSync } from "node:fs";
import { parseArgs } from "node:util";

const USAGE = `npm run keys -- root --out root.pem [--public root.pub.pem]
npm run keys -- signing --out signing.pem [--public signing.pub.pem]
npm run keys -- certify --root root.pem --signing signing.pub.pem
npm run keys -- verify --root root.pub.pem --signing signing.pub.pem --signature BASE64`;
const ROOT_BITS = 4096;
const SIGNING_BITS = 2048;

const giveUp = (reason) => {
  console.error(reason);
  process.exit(1);
};

/** Never overwrites: the key that was there may be the only copy. */
function write(path, text, mode) {
  try {
    const file = openSync(path, "wx", mode);
    writeSync(file, text);
    closeSync(file);
  } catch (error) {
    giveUp(error.code === "EEXIST" ? `${path} exists; nothing was changed.` : error.message);
  }
}

function read(path, parse) {
  try {
    const key = parse(readFileSync(path));
    const bits = key.asymmetricKeyDetails?.modulusLength ?? 0;
    if (key.asymmetricKeyType !== "rsa" || bits < SIGNING_BITS)
      throw new Error(`not an RSA key of ${SIGNING_BITS} bits or more`);
    return key;
  } catch (error) {
    return giveUp(`${path}: ${error.message}`);
  }
}

/** The spelling the service signs and serves, whatever line ends the file has. */
const canonical = (key) => key.export({ type: "spki", format: "pem" }).toString();

function pair({ out, public: publicPath }, modulusLength) {
  const made = generateKeyPairSync("rsa", { modulusLength });
  write(out, made.privateKey.export({ type: "pkcs8", format: "pem" }).toString(), 0o600);
  if (publicPath) write(publicPath, canonical(made.publicKey), 0o644);
}

const commands = {
  root: { needs: ["out"], run: (given) => pair(given, ROOT_BITS) },
  signing: { needs: ["out"], run: (given) => pair(given, SIGNING_BITS) },
  certify: {
    needs: ["root", "signing"],
    run({ root, signing }) {
      const pem = canonical(read(signing, createPublicKey));
      console.log(
        sign("sha256", Buffer.from(pem), read(root, createPrivateKey)).toString("base64"),
      );
    },
  },
  verify: {
    needs: ["root", "signing", "signature"],
    run({ root, signing, signature }) {
      const pem = canonical(read(signing, createPublicKey));
      const bytes = Buffer.from(signature, "base64");
      const good = verify("sha256", Buffer.from(pem), read(root, createPublicKey), bytes);
      if (!good) giveUp("The root key did not sign this key.");
      console.log("The root key signed this key.");
    },
  },
};

function main() {
  const names = ["out", "public", "root", "signing", "signature"];
  const options = Object.fromEntries(names.map((name) => [name, { type: "string" }]));
  if (process.argv.includes("--help")) {
    console.log(USAGE);
    return;
  }
  let parsed;
  try {
    parsed = parseArgs({ options, allowPositionals: true });
  } catch (error) {
    return giveUp(`${error.message}\n\n${USAGE}`);
  }
  const { positionals, values } = parsed;
  const command = Object.hasOwn(commands, positionals[0] ?? "") && commands[positionals[0]];
  const known = command && positionals.length === 1;
  if (!known || command.needs.some((name) => !values[name])) return giveUp(USAGE);
  command.run(values);
}

main();
