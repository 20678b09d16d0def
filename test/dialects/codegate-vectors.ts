// Section 2.6 of the recorded contract: what the published SDKs sign, copied as data.
const B = "/api/v1/projects/0123456789abcdef0123456789abcdef";

export const VECTOR_KEY = {
  secret: "a1b2c3d4e5f60718293a4b5c6d7e8f90a1b2c3d4e5f60718293a4b5c6d7e8f90",
  timestamp: 1_704_153_600,
};

export type Vector = {
  readonly name: string;
  readonly path: string;
  /** As it is on the wire. */
  readonly query?: string;
  readonly body?: string;
  readonly signature: string;
};

export const vectors: readonly Vector[] = [
  {
    name: "V1",
    path: B,
    signature: "398d35f3f5b2c7f513081b733a50617d6d44a81a4fa3f10af7e9e6991ee5c1ce",
  },
  {
    name: "V2",
    path: `${B}/codes`,
    query: "page=1&page_size=20",
    signature: "d7037f8298c17226445a8a0d6c26c62af309461fecc8ee3200ef9ac6fc5d60d8",
  },
  {
    name: "V3",
    path: `${B}/codes`,
    query: "page=2&page_size=50&status=unused&search=PROMO2024",
    signature: "34aa3634bd6c81a75cc0979d1882b995a9dfff58213abacfd8ceeda21a6fd024",
  },
  {
    name: "V4-py",
    path: `${B}/codes`,
    query: "page=1&page_size=20&search=a+b",
    signature: "7350eae2390e10286d88889fcf1ea1c3b43b8156ffb296de5c26a0e8d560e35d",
  },
  {
    name: "V4-js",
    path: `${B}/codes`,
    query: "page=1&page_size=20&search=a%20b",
    signature: "fddbd58a32534ce8008f2869a9773e48bc471edcc86d2d5fc69b353019bf0636",
  },
  {
    name: "V5-py",
    path: `${B}/codes`,
    query: "page=1&page_size=20&search=it%27s%21",
    signature: "d99e4214c1ee3ae33ef8c9850d4cdb5c063abf1605343d1c1a24f17a79775b47",
  },
  {
    name: "V5-js",
    path: `${B}/codes`,
    query: "page=1&page_size=20&search=it%27s!",
    signature: "a2e98f34ead621dd24df817ffa7c3c21268172e746387f0f2482e309001c9b77",
  },
  {
    name: "V6",
    path: `${B}/codes/660e8400e29b41d4a716446655440001`,
    signature: "d343a4d719fc21ca5d578beea20a09aeb95ee11b2a30ee74f33ba35b10c76787",
  },
  {
    name: "V7",
    path: `${B}/codes/by-code/ABC12345`,
    signature: "8e06926732ed21054193a28dbee0044507fa6b02119794a57a3751e22876b8a4",
  },
  {
    name: "V8",
    path: `${B}/codes/by-code/AB%20CD`,
    signature: "458aa2ee0f99db02b8b5ca0c5df5aa5cb351580efb7d3e6a04da49a293ad5837",
  },
  {
    name: "V9-js",
    path: `${B}/codes/verify`,
    body: '{"code":"ABC12345","verified_by":"user123"}',
    signature: "c060a045ab87cf2f1fb9e2b4ed8ea101dc25a85d58fef8068097372decdddead",
  },
  {
    name: "V9-py",
    path: `${B}/codes/verify`,
    body: '{"code": "ABC12345", "verified_by": "user123"}',
    signature: "032037698b7c163a7790bfbc364f307c47c05cb830e44c47a830a6edcc97c007",
  },
  {
    name: "V10-js",
    path: `${B}/codes/verify`,
    body: '{"code":"ABC12345"}',
    signature: "80198c6b91dd7d607e0703c219d7b4a668450f95f15bb3d6407f4be1d651c51f",
  },
  {
    name: "V10-py",
    path: `${B}/codes/verify`,
    body: '{"code": "ABC12345"}',
    signature: "fced726625b7771e19cd69d58eeb8052395d893049a59c92f184bfe8a268ec67",
  },
  {
    name: "V11-js",
    path: `${B}/codes/reactivate`,
    body: '{"code":"ABC12345","reactivated_by":"admin123","reason":"退款"}',
    signature: "43c74dc87dbb3f39f23ecd667d7abb3e4ef008fca45e13bbf9ed6b66c79aaf89",
  },
  {
    name: "V11-py",
    path: `${B}/codes/reactivate`,
    body: '{"code": "ABC12345", "reactivated_by": "admin123", "reason": "退款"}',
    signature: "fa797ca5cceb80be500728c6390d2c1715bd06c1d99ad352e85fdb5013e61fb1",
  },
  {
    name: "V12",
    path: `${B}/statistics`,
    signature: "1717ac38c255fa8503ca93978367dfc42135bfd1627b3e3c66b9759824981658",
  },
];

/** Signatures that must be refused, of V1 with the secret's bytes as key, and of V8 over the decoded path. */
export const refused: readonly Vector[] = [
  {
    name: "the secret as bytes",
    path: B,
    signature: "ee47855844ede490c54e731e9b9d8b8162490e5170b1c92402f9176caaec2829",
  },
  {
    name: "V8-dec",
    path: `${B}/codes/by-code/AB%20CD`,
    signature: "71eba1cec8e40ce873742b94cc0751b9b9a296aadac926a619054c5f65ed4e7d",
  },
];
