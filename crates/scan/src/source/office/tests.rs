use crate::source::opened::{Kind, Limits, Take, kind, open};
use std::io::{Cursor, Write as _};
use tenure_model::{
    document::{Document, Place},
    place::PlaceKind,
};

#[derive(Default)]
struct Seen {
    said: Vec<(String, String)>,
    refused: Vec<(String, String)>,
}

impl Take for Seen {
    fn document(&mut self, document: Document) {
        let sentence = document.place.sentence(None);
        let text = String::from_utf8_lossy(&document.bytes).into_owned();
        self.said.push((sentence, text));
    }
    fn refused(&mut self, path: &str, reason: String) {
        self.refused.push((path.to_owned(), reason));
    }
}

fn zipped(members: &[(&str, &str)]) -> Vec<u8> {
    let mut zip = ::zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, text) in members {
        zip.start_file(*name, ::zip::write::SimpleFileOptions::default())
            .unwrap();
        zip.write_all(text.as_bytes()).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

fn opened_within(name: &str, members: &[(&str, &str)], limits: Option<Limits>) -> Seen {
    let bytes = zipped(members);
    let limits = limits.unwrap_or(Limits::of_file(bytes.len() as u64));
    assert_eq!(kind(name, &bytes), Some(Kind::Zip));
    let mut seen = Seen::default();
    let place = Place::of_file(name, PlaceKind::Config);
    assert!(
        open(
            &place,
            Kind::Zip,
            &mut Cursor::new(bytes),
            limits,
            &mut seen
        )
        .unwrap()
    );
    seen
}

fn opened(name: &str, members: &[(&str, &str)]) -> Seen {
    opened_within(name, members, None)
}

fn said<'s>(seen: &'s Seen, sentence: &str) -> &'s str {
    let found = seen.said.iter().find(|(said, _)| said == sentence);
    &found
        .unwrap_or_else(|| panic!("{sentence}: {:?}", seen.said))
        .1
}

const TYPES: (&str, &str) = ("[Content_Types].xml", "<Types/>");

#[test]
fn words_of_a_document_are_joined_over_their_marks() {
    let document = r#"<w:document xmlns:w="w"><w:body>
        <w:p><w:r><w:t>the key is AB</w:t></w:r><w:r><w:rPr><w:b/></w:rPr><w:t xml:space="preserve">CD&amp;EF </w:t></w:r></w:p>
        <w:tbl><w:tr><w:tc><w:p><w:r><w:t>TOKEN</w:t></w:r></w:p></w:tc><w:tc><w:p><w:r><w:t>value</w:t></w:r></w:p></w:tc></w:tr></w:tbl>
        <w:p><w:del><w:r><w:delText>old key</w:delText></w:r></w:del></w:p></w:body></w:document>"#;
    let rels = r#"<Relationships><Relationship Id="1" Target="https://x.example/?a=1&amp;b=2" TargetMode="External"/>
        <Relationship Id="2" Target="styles.xml"/></Relationships>"#;
    let seen = opened(
        "a.docx",
        &[
            TYPES,
            ("word/document.xml", document),
            (
                "word/header1.xml",
                "<w:hdr><w:p><w:t>top</w:t></w:p></w:hdr>",
            ),
            (
                "word/comments.xml",
                "<w:comments><w:comment><w:p><w:t>said</w:t></w:p></w:comment></w:comments>",
            ),
            ("word/_rels/document.xml.rels", rels),
            (
                "docProps/custom.xml",
                "<Properties><property name=\"k\"><vt:lpwstr>v</vt:lpwstr></property></Properties>",
            ),
        ],
    );
    assert_eq!(
        said(&seen, "a.docx, text"),
        "the key is ABCD&EF \nTOKEN\tvalue\nold key\n"
    );
    assert_eq!(said(&seen, "a.docx, header"), "top\n");
    assert_eq!(said(&seen, "a.docx, comments"), "said\n\n");
    assert_eq!(said(&seen, "a.docx, links"), "https://x.example/?a=1&b=2\n");
    assert_eq!(said(&seen, "a.docx, properties"), "v");
    assert!(seen.refused.is_empty());
}

#[test]
fn slides_have_their_numbers_in_order_and_their_notes() {
    let seen = opened(
        "deck.pptx",
        &[
            TYPES,
            (
                "ppt/presentation.xml",
                r#"<p:presentation><p:sldIdLst><p:sldId id="256" r:id="rId7"/><p:sldId id="257" r:id="rId2"/></p:sldIdLst></p:presentation>"#,
            ),
            (
                "ppt/_rels/presentation.xml.rels",
                r#"<Relationships><Relationship Id="rId2" Target="slides/slide1.xml"/><Relationship Id="rId7" Target="/ppt/slides/slide9.xml"/></Relationships>"#,
            ),
            (
                "ppt/slides/slide1.xml",
                "<p:sld><a:p><a:t>one</a:t></a:p></p:sld>",
            ),
            (
                "ppt/slides/slide9.xml",
                "<p:sld><a:p><a:t>nine</a:t></a:p></p:sld>",
            ),
            (
                "ppt/slides/_rels/slide1.xml.rels",
                r#"<Relationships><Relationship Id="r1" Target="../notesSlides/notesSlide4.xml"/></Relationships>"#,
            ),
            (
                "ppt/notesSlides/notesSlide4.xml",
                "<p:notes><a:p><a:t>whisper</a:t></a:p></p:notes>",
            ),
        ],
    );
    assert_eq!(said(&seen, "deck.pptx, slide 1"), "nine\n");
    assert_eq!(said(&seen, "deck.pptx, slide 2"), "one\n");
    assert_eq!(said(&seen, "deck.pptx, notes of slide 2"), "whisper\n");
}

fn workbook(sheet: &str, strings: &str) -> Vec<(String, String)> {
    [
        ("[Content_Types].xml", "<Types/>"),
        ("xl/workbook.xml", r#"<workbook><sheets><sheet name="Keys" sheetId="1" r:id="rId1"/></sheets></workbook>"#),
        ("xl/_rels/workbook.xml.rels", r#"<Relationships><Relationship Id="rId1" Target="worksheets/sheet1.xml"/></Relationships>"#),
        ("xl/worksheets/sheet1.xml", sheet),
        ("xl/sharedStrings.xml", strings),
    ]
    .map(|(name, text)| (name.to_owned(), text.to_owned()))
    .to_vec()
}

fn borrowed(members: &[(String, String)]) -> Vec<(&str, &str)> {
    let all = members.iter();
    all.map(|(name, text)| (name.as_str(), text.as_str()))
        .collect()
}

#[test]
fn a_cell_stands_in_its_row_of_its_sheet() {
    let sheet = r#"<worksheet><sheetData>
        <row r="2"><c r="A2" t="s"><v>0</v></c><c r="B2" t="s"><v>1</v></c></row>
        <row r="4"><c r="A4" t="inlineStr"><is><t>in</t></is></c><c r="B4"><v>42</v></c><c r="C4" t="str"><f>"a"&amp;B1</f><v>ab</v></c></row>
        <row r="5"><c r="B5" t="s"><v>2</v></c></row></sheetData></worksheet>"#;
    let strings = "<sst><si><t>name</t></si><si><r><t>AB</t></r><r><t>CD</t></r></si><si><t>one\ntwo</t></si><si><t>never shown</t></si></sst>";
    let seen = opened("k.xlsx", &borrowed(&workbook(sheet, strings)));
    assert_eq!(
        said(&seen, "k.xlsx, sheet “Keys”"),
        "\nname\tABCD\n\nin\t42\t\"a\"&B1 ab"
    );
    assert_eq!(said(&seen, "k.xlsx, sheet “Keys”, B5"), "one\ntwo");
    assert_eq!(
        said(&seen, "k.xlsx, texts that no cell shows"),
        "never shown\n"
    );
}

#[test]
fn one_text_in_very_many_cells_stays_within_the_limits() {
    let cells = r#"<c r="A1" t="s"><v>0</v></c>"#.repeat(20_000);
    let sheet = format!("<worksheet><sheetData><row r=\"1\">{cells}</row></sheetData></worksheet>");
    let strings = format!("<sst><si><t>{}</t></si></sst>", "x".repeat(10_000));
    let limits = Limits {
        depth: 1,
        members: 100,
        bytes: 4 << 20,
        text: 2 << 20,
    };
    let seen = opened_within(
        "k.xlsx",
        &borrowed(&workbook(&sheet, &strings)),
        Some(limits),
    );
    let held: usize = seen.said.iter().map(|(_, text)| text.len()).sum();
    assert!(held <= 4 << 20, "{held}");
    assert!(
        seen.refused[0].1.contains("cells say more"),
        "{:?}",
        seen.refused
    );
}

#[test]
fn open_document_files_are_read_too() {
    let kind = |kind: &str| format!("application/vnd.oasis.opendocument.{kind}");
    let text = r#"<office:text><text:p>the <text:span>key</text:span><text:s text:c="2"/>is<text:tab/><text:a xlink:href="https://x.example/">here</text:a></text:p></office:text>"#;
    let seen = opened(
        "a.odt",
        &[("mimetype", &kind("text")), ("content.xml", text)],
    );
    assert_eq!(
        said(&seen, "a.odt, text"),
        "the key  is\there\nhttps://x.example/\n"
    );
    let sheet = r#"<office:spreadsheet><table:table table:name="Keys"><table:table-row table:number-rows-repeated="3"><table:table-cell/></table:table-row>
        <table:table-row><table:table-cell><text:p>name</text:p></table:table-cell><table:table-cell><text:p>value</text:p></table:table-cell></table:table-row></table:table></office:spreadsheet>"#;
    let seen = opened(
        "a.ods",
        &[("mimetype", &kind("spreadsheet")), ("content.xml", sheet)],
    );
    assert_eq!(said(&seen, "a.ods, sheet “Keys”"), "\n\n\nname\tvalue");
    let slides = "<office:presentation><draw:page><text:p>a</text:p></draw:page><draw:page><text:p>b</text:p></draw:page></office:presentation>";
    let seen = opened(
        "a.odp",
        &[("mimetype", &kind("presentation")), ("content.xml", slides)],
    );
    assert_eq!(said(&seen, "a.odp, slide 2"), "b\n");
}

#[test]
fn what_is_no_well_formed_xml_is_searched_as_it_is() {
    let broken = "<w:document><w:p><w:t>K=1</w:p>";
    let seen = opened("a.docx", &[TYPES, ("word/document.xml", broken)]);
    assert_eq!(said(&seen, "a.docx!word/document.xml"), broken);
    // Entities that lead to entities are not followed.
    let bomb = "<!DOCTYPE x [<!ENTITY a \"aaaa\"><!ENTITY b \"&a;&a;\">]><w:document><w:p><w:t>&b;</w:t></w:p></w:document>";
    let seen = opened("a.docx", &[TYPES, ("word/document.xml", bomb)]);
    assert_eq!(said(&seen, "a.docx, text"), "&b;\n");
}
