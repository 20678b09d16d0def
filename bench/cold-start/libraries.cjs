require("firebase-functions");
require("firebase-admin/firestore");
console.log(`ready ${performance.now()}`);
