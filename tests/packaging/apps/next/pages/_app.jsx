import { Tallymark } from "tallymark/next";
import { options } from "../options.js";

export default function App({ Component, pageProps }) {
  return (
    <Tallymark options={options}>
      <Component {...pageProps} />
    </Tallymark>
  );
}
