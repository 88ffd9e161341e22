import { Scale } from "../../../scale.jsx";

export default async function Recipe({ params }) {
  const { id } = await params;
  return <Scale id={id} />;
}
