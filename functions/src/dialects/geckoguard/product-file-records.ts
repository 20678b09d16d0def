import type { ProductFile } from "../../core/product-files.ts";
import { iso } from "./fields.ts";

/** A file of a product (reference, section 19). */
export const fileItem = (file: ProductFile) => ({
  id: file.id,
  productId: file.productId,
  name: file.name,
  filename: file.filename,
  size: file.size,
  mimeType: file.mimeType,
  sha256: file.sha256,
  versionId: file.versionId,
  planId: file.planId,
  public: file.public,
  downloads: file.downloads,
  createdAt: iso(file.createdAt),
});
