import { writeFileSync } from "node:fs";
import { collections } from "../functions/src/store/collections.ts";
import { firestoreIndexes } from "../functions/src/store/firestore-indexes.ts";

const content = `${JSON.stringify(firestoreIndexes(collections), undefined, 2)}\n`;
writeFileSync(new URL("../firestore.indexes.json", import.meta.url), content);
