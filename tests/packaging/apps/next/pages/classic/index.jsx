import Link from "next/link";

export default function Home() {
  return <Link href="/classic/soup">Soup</Link>;
}
