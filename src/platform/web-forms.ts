/** The simple forms in a short manifest: names, amounts, ports, each with the sentence for what does not fit. */
import { z } from "zod";

export const pattern = (form: RegExp, says: string) =>
  z
    .string()
    .refine((text) => form.test(text), says)
    .meta({ pattern: form.source });
/** A number, or a text of this form. */
export const alternatives = (number: z.ZodNumber, form: RegExp, says: string) =>
  z.union([number, pattern(form, says)], { error: says });
export const Name = pattern(
  /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/,
  "must be a name: lower-case letters, digits and hyphens",
);
export const ObjectName = pattern(
  /^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/,
  "must be an object's name: lower-case letters, digits, hyphens and dots",
);
export const Variable = pattern(
  /^[A-Za-z_][A-Za-z0-9_]*$/,
  "must be a variable's name: letters, digits and _",
);
export const Image = pattern(/^[^\s]{1,500}$/, "must be an image: ghcr.io/acme/web");
export const Path = pattern(/^\/[^\s]*$/, "must be a path that begins with /");
export const Host = pattern(
  /^(\*\.)?[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$/,
  "must be a host: shop.example.com",
);
export const Port = z.int().min(1).max(65_535);
export const Strings = z.record(z.string().min(1), z.string());
export const named = <S extends z.ZodType>(value: S) => z.record(Name, value);
export const Quantity = alternatives(
  z.number().positive(),
  /^\d+(\.\d+)?(m|[kMGTPE]i?)?$/,
  "must be an amount: 250m or 0.5 for CPU, 256Mi or 2Gi for memory and storage",
);
export const CountOrPercent = alternatives(
  z.int().min(0),
  /^\d{1,3}%$/,
  "must be a whole number or a percentage: 1 or 25%",
);
export const AtLeastOne = alternatives(
  z.int().min(1),
  /^([1-9]\d?|100)%$/,
  "must be at least 1 or 1%: none at all would block every drain",
);
export const on = z
  .boolean()
  .default(true)
  .describe("`false` leaves it out, whatever else is said about it.");
