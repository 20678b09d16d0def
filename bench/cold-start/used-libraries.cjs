require("firebase-functions/https");
require("firebase-functions/scheduler");
require("firebase-functions/logger");
require("firebase-admin/app");
require("firebase-admin/firestore");
console.log(`ready ${performance.now()}`);
