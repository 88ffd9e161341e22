import { Tallymark } from "tallymark/next";
import { options } from "../options.js";

export const metadata = { title: "Next", icons: "data:," };

export default function Layout({ children }) {
  return (
    <html lang="en">
      <body>
        <Tallymark options={options}>{children}</Tallymark>
      </body>
    </html>
  );
}
