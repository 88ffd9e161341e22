// What build.mjs turns into text.
declare module "*.css" {
  const text: string;
  export default text;
}
declare module "*.svg" {
  const text: string;
  export default text;
}
declare module "sdk:stub" {
  const text: string;
  export default text;
}
declare module "client:*" {
  const text: string;
  export default text;
}
