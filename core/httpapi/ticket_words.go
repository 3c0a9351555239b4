package httpapi

import "strings"

// ticketWords are the texts of a customer's page in one language.
type ticketWords struct {
	Lang, Title, Status, History, Cut, Reply, Message, Send, Rating, Comment string

	Statuses  map[string]string
	Scores    []string // of 5, 4, ...
	Opened    string   // what happened: of ticket.created
	Moved     string   // of ticket.status, with the status after it
	Merged    string
	RatedLine string // with the score after it
	Team, You string // who wrote
	Sent      string
	Thanks    string
	Absent    string
	Empty     string
	TooLong   string
	Choose    string
	Closed    string

	Files, Remove, TooLarge, TooMany, NotSent string // of files
}

// ticketWordsOf returns the texts in the first language that there are texts
// for; English when there is none.
func ticketWordsOf(tongues ...string) ticketWords {
	all := ticketWordsAll()
	for _, tongue := range tongues {
		tongue, _, _ = strings.Cut(strings.ToLower(strings.TrimSpace(tongue)), ",")
		tongue, _, _ = strings.Cut(tongue, ";")
		if strings.HasPrefix(tongue, "zh-tw") || strings.HasPrefix(tongue, "zh-hk") || strings.HasPrefix(tongue, "zh-hant") {
			return all["zh-TW"]
		}
		language, _, _ := strings.Cut(tongue, "-")
		if words, ok := all[language]; ok {
			return words
		}
	}
	return all["en"]
}

func statusNames(names ...string) map[string]string {
	out := make(map[string]string, len(names))
	for i, status := range []string{"new", "open", "pending", "solved", "closed"} {
		out[status] = names[i]
	}
	return out
}

// ticketWordsAll are the texts by language: the widget's.
func ticketWordsAll() map[string]ticketWords {
	return map[string]ticketWords{
		"en": ticketEnglish(), "zh": ticketChinese(), "zh-TW": ticketTaiwan(), "ja": ticketJapanese(), "ko": ticketKorean(),
		"de": ticketGerman(), "fr": ticketFrench(), "es": ticketSpanish(), "pt": ticketPortuguese(), "ru": ticketRussian(), "ar": ticketArabic(),
	}
}

func ticketEnglish() ticketWords {
	return ticketWords{
		Lang: "en", Title: "Your request", Status: "Status:", History: "What happened", Cut: "Older entries are not shown.", Reply: "Reply", Message: "Your message",
		Send: "Send", Rating: "How did we do?", Comment: "Anything to add? (optional)", Statuses: statusNames("New", "In progress", "Waiting for you", "Solved", "Closed"),
		Scores: []string{"Very good", "Good", "All right", "Poor", "Very poor"}, Opened: "The request was opened.", Moved: "Status:",
		Merged: "This request was joined with another one. If you write here, it goes on by itself.", RatedLine: "Your rating:", Team: "Support", You: "You",
		Sent: "Thank you, your message has been sent.", Thanks: "Thank you for your rating!", Absent: "This link does not work any more. Ask us for a new one.",
		Empty: "Please write something.", TooLong: "That is too long.", Choose: "Please choose a score.", Closed: "This request is closed. Contact us to open a new one.",
		Files: "Add files", Remove: "Remove", TooLarge: "This file is too large.", TooMany: "That is too many files.", NotSent: "A file could not be sent. Try again.",
	}
}

func ticketChinese() ticketWords {
	return ticketWords{
		Lang: "zh-CN", Title: "您的工单", Status: "状态：", History: "处理记录", Cut: "更早的记录未显示。", Reply: "回复", Message: "您的留言",
		Send: "提交", Rating: "您对这次服务满意吗？", Comment: "还有什么想说的？（选填）", Statuses: statusNames("新建", "处理中", "等待您回复", "已解决", "已关闭"),
		Scores: []string{"非常满意", "满意", "一般", "不满意", "非常不满意"}, Opened: "工单已创建。", Moved: "状态变更：",
		Merged: "该工单已与另一工单合并。如果您在此回复，它将重新单独处理。", RatedLine: "您的评分：", Team: "客服", You: "您",
		Sent: "您的留言已提交，谢谢。", Thanks: "感谢您的评价！", Absent: "链接已失效，请联系我们获取新的链接。",
		Empty: "请填写内容。", TooLong: "内容太长了。", Choose: "请选择一个评分。", Closed: "该工单已关闭。如需帮助，请联系我们新建工单。",
		Files: "添加文件", Remove: "移除", TooLarge: "文件太大。", TooMany: "文件数量太多。", NotSent: "文件发送失败，请重试。",
	}
}

func ticketTaiwan() ticketWords {
	return ticketWords{
		Lang: "zh-TW", Title: "您的工單", Status: "狀態：", History: "處理紀錄", Cut: "較早的紀錄未顯示。", Reply: "回覆", Message: "您的留言",
		Send: "送出", Rating: "您對這次服務滿意嗎？", Comment: "還有什麼想說的？（選填）", Statuses: statusNames("新建", "處理中", "等待您回覆", "已解決", "已關閉"),
		Scores: []string{"非常滿意", "滿意", "普通", "不滿意", "非常不滿意"}, Opened: "工單已建立。", Moved: "狀態變更：",
		Merged: "此工單已與另一工單合併。如果您在此回覆，它將重新單獨處理。", RatedLine: "您的評分：", Team: "客服", You: "您",
		Sent: "您的留言已送出，謝謝。", Thanks: "感謝您的評價！", Absent: "連結已失效，請聯絡我們取得新的連結。",
		Empty: "請填寫內容。", TooLong: "內容太長了。", Choose: "請選擇一個評分。", Closed: "此工單已關閉。如需協助，請聯絡我們建立新的工單。",
		Files: "新增檔案", Remove: "移除", TooLarge: "檔案太大。", TooMany: "檔案數量太多。", NotSent: "檔案傳送失敗，請再試一次。",
	}
}

func ticketJapanese() ticketWords {
	return ticketWords{
		Lang: "ja", Title: "お問い合わせ", Status: "状況：", History: "経過", Cut: "古い記録は表示されていません。", Reply: "返信", Message: "メッセージ",
		Send: "送信", Rating: "対応はいかがでしたか？", Comment: "ご意見（任意）", Statuses: statusNames("受付済み", "対応中", "ご返信待ち", "解決済み", "終了"),
		Scores: []string{"とても良い", "良い", "普通", "悪い", "とても悪い"}, Opened: "お問い合わせを受け付けました。", Moved: "状況の変更：",
		Merged: "このお問い合わせは別のものと統合されました。ここに書き込むと、再び個別に対応します。", RatedLine: "評価：", Team: "サポート", You: "あなた",
		Sent: "メッセージを送信しました。", Thanks: "評価ありがとうございます！", Absent: "このリンクは無効です。新しいリンクをお問い合わせください。",
		Empty: "内容を入力してください。", TooLong: "長すぎます。", Choose: "評価を選んでください。", Closed: "このお問い合わせは終了しました。新しくお問い合わせください。",
		Files: "ファイルを追加", Remove: "削除", TooLarge: "ファイルが大きすぎます。", TooMany: "ファイルが多すぎます。", NotSent: "ファイルを送信できませんでした。もう一度お試しください。",
	}
}

func ticketKorean() ticketWords {
	return ticketWords{
		Lang: "ko", Title: "문의", Status: "상태:", History: "진행 내역", Cut: "이전 기록은 표시되지 않습니다.", Reply: "답장", Message: "메시지",
		Send: "보내기", Rating: "상담은 어떠셨나요?", Comment: "남기실 말씀 (선택)", Statuses: statusNames("접수됨", "처리 중", "답변 대기", "해결됨", "종료됨"),
		Scores: []string{"매우 좋음", "좋음", "보통", "나쁨", "매우 나쁨"}, Opened: "문의가 접수되었습니다.", Moved: "상태 변경:",
		Merged: "이 문의는 다른 문의와 합쳐졌습니다. 여기에 글을 쓰면 다시 따로 처리됩니다.", RatedLine: "평가:", Team: "상담팀", You: "나",
		Sent: "메시지를 보냈습니다.", Thanks: "평가해 주셔서 감사합니다!", Absent: "이 링크는 더 이상 사용할 수 없습니다. 새 링크를 요청해 주세요.",
		Empty: "내용을 입력해 주세요.", TooLong: "너무 깁니다.", Choose: "점수를 선택해 주세요.", Closed: "종료된 문의입니다. 새로 문의해 주세요.",
		Files: "파일 추가", Remove: "삭제", TooLarge: "파일이 너무 큽니다.", TooMany: "파일이 너무 많습니다.", NotSent: "파일을 보내지 못했습니다. 다시 시도하세요.",
	}
}

func ticketGerman() ticketWords {
	return ticketWords{
		Lang: "de", Title: "Ihre Anfrage", Status: "Status:", History: "Verlauf", Cut: "Ältere Einträge werden nicht gezeigt.", Reply: "Antworten", Message: "Ihre Nachricht",
		Send: "Senden", Rating: "Wie zufrieden sind Sie?", Comment: "Möchten Sie etwas ergänzen? (freiwillig)", Statuses: statusNames("Neu", "In Arbeit", "Wartet auf Sie", "Gelöst", "Geschlossen"),
		Scores: []string{"Sehr gut", "Gut", "In Ordnung", "Schlecht", "Sehr schlecht"}, Opened: "Die Anfrage wurde angelegt.", Moved: "Status:",
		Merged: "Diese Anfrage wurde mit einer anderen zusammengelegt. Wenn Sie hier schreiben, geht sie für sich weiter.", RatedLine: "Ihre Bewertung:", Team: "Support", You: "Sie",
		Sent: "Danke, Ihre Nachricht ist angekommen.", Thanks: "Danke für Ihre Bewertung!", Absent: "Dieser Link gilt nicht mehr. Bitten Sie uns um einen neuen.",
		Empty: "Bitte schreiben Sie etwas.", TooLong: "Das ist zu lang.", Choose: "Bitte wählen Sie eine Bewertung.", Closed: "Diese Anfrage ist geschlossen. Bitte stellen Sie eine neue.",
		Files: "Dateien hinzufügen", Remove: "Entfernen", TooLarge: "Diese Datei ist zu groß.", TooMany: "Das sind zu viele Dateien.", NotSent: "Eine Datei konnte nicht gesendet werden. Versuchen Sie es erneut.",
	}
}

func ticketFrench() ticketWords {
	return ticketWords{
		Lang: "fr", Title: "Votre demande", Status: "État :", History: "Historique", Cut: "Les entrées plus anciennes ne sont pas affichées.", Reply: "Répondre", Message: "Votre message",
		Send: "Envoyer", Rating: "Êtes-vous satisfait ?", Comment: "Quelque chose à ajouter ? (facultatif)", Statuses: statusNames("Nouvelle", "En cours", "En attente de votre réponse", "Résolue", "Fermée"),
		Scores: []string{"Très bien", "Bien", "Correct", "Mauvais", "Très mauvais"}, Opened: "La demande a été créée.", Moved: "État :",
		Merged: "Cette demande a été regroupée avec une autre. Si vous écrivez ici, elle reprend séparément.", RatedLine: "Votre note :", Team: "Assistance", You: "Vous",
		Sent: "Merci, votre message a été envoyé.", Thanks: "Merci pour votre note !", Absent: "Ce lien n’est plus valable. Demandez-nous-en un nouveau.",
		Empty: "Veuillez écrire quelque chose.", TooLong: "C’est trop long.", Choose: "Veuillez choisir une note.", Closed: "Cette demande est fermée. Contactez-nous pour en ouvrir une nouvelle.",
		Files: "Ajouter des fichiers", Remove: "Retirer", TooLarge: "Ce fichier est trop volumineux.", TooMany: "Il y a trop de fichiers.", NotSent: "Un fichier n’a pas pu être envoyé. Réessayez.",
	}
}

func ticketSpanish() ticketWords {
	return ticketWords{
		Lang: "es", Title: "Su solicitud", Status: "Estado:", History: "Historial", Cut: "No se muestran las entradas anteriores.", Reply: "Responder", Message: "Su mensaje",
		Send: "Enviar", Rating: "¿Cómo lo hicimos?", Comment: "¿Algo que añadir? (opcional)", Statuses: statusNames("Nueva", "En curso", "A la espera de su respuesta", "Resuelta", "Cerrada"),
		Scores: []string{"Muy bien", "Bien", "Normal", "Mal", "Muy mal"}, Opened: "Se abrió la solicitud.", Moved: "Estado:",
		Merged: "Esta solicitud se unió a otra. Si escribe aquí, sigue por separado.", RatedLine: "Su valoración:", Team: "Soporte", You: "Usted",
		Sent: "Gracias, su mensaje se ha enviado.", Thanks: "¡Gracias por su valoración!", Absent: "Este enlace ya no funciona. Pídanos uno nuevo.",
		Empty: "Escriba algo, por favor.", TooLong: "Es demasiado largo.", Choose: "Elija una puntuación.", Closed: "Esta solicitud está cerrada. Contáctenos para abrir una nueva.",
		Files: "Añadir archivos", Remove: "Quitar", TooLarge: "Este archivo es demasiado grande.", TooMany: "Son demasiados archivos.", NotSent: "No se pudo enviar un archivo. Inténtelo de nuevo.",
	}
}

func ticketPortuguese() ticketWords {
	return ticketWords{
		Lang: "pt", Title: "Sua solicitação", Status: "Situação:", History: "Histórico", Cut: "Entradas mais antigas não são mostradas.", Reply: "Responder", Message: "Sua mensagem",
		Send: "Enviar", Rating: "Como nos saímos?", Comment: "Algo a acrescentar? (opcional)", Statuses: statusNames("Nova", "Em andamento", "Aguardando você", "Resolvida", "Encerrada"),
		Scores: []string{"Muito bom", "Bom", "Regular", "Ruim", "Muito ruim"}, Opened: "A solicitação foi aberta.", Moved: "Situação:",
		Merged: "Esta solicitação foi unida a outra. Se você escrever aqui, ela continua separada.", RatedLine: "Sua avaliação:", Team: "Suporte", You: "Você",
		Sent: "Obrigado, sua mensagem foi enviada.", Thanks: "Obrigado pela avaliação!", Absent: "Este link não funciona mais. Peça-nos um novo.",
		Empty: "Escreva algo, por favor.", TooLong: "É longo demais.", Choose: "Escolha uma nota.", Closed: "Esta solicitação está encerrada. Fale conosco para abrir uma nova.",
		Files: "Adicionar arquivos", Remove: "Remover", TooLarge: "Este arquivo é grande demais.", TooMany: "São arquivos demais.", NotSent: "Não foi possível enviar um arquivo. Tente novamente.",
	}
}

func ticketRussian() ticketWords {
	return ticketWords{
		Lang: "ru", Title: "Ваше обращение", Status: "Статус:", History: "История", Cut: "Более ранние записи не показаны.", Reply: "Ответить", Message: "Ваше сообщение",
		Send: "Отправить", Rating: "Как мы справились?", Comment: "Хотите что-то добавить? (необязательно)", Statuses: statusNames("Новое", "В работе", "Ждёт вашего ответа", "Решено", "Закрыто"),
		Scores: []string{"Отлично", "Хорошо", "Нормально", "Плохо", "Очень плохо"}, Opened: "Обращение создано.", Moved: "Статус:",
		Merged: "Это обращение объединено с другим. Если вы напишете здесь, оно продолжится отдельно.", RatedLine: "Ваша оценка:", Team: "Поддержка", You: "Вы",
		Sent: "Спасибо, сообщение отправлено.", Thanks: "Спасибо за оценку!", Absent: "Ссылка больше не действует. Попросите у нас новую.",
		Empty: "Напишите что-нибудь.", TooLong: "Слишком длинно.", Choose: "Выберите оценку.", Closed: "Обращение закрыто. Свяжитесь с нами, чтобы открыть новое.",
		Files: "Добавить файлы", Remove: "Убрать", TooLarge: "Файл слишком большой.", TooMany: "Слишком много файлов.", NotSent: "Файл не удалось отправить. Попробуйте ещё раз.",
	}
}

func ticketArabic() ticketWords {
	return ticketWords{
		Lang: "ar", Title: "طلبك", Status: "الحالة:", History: "ما حدث", Cut: "لا تظهر الإدخالات الأقدم.", Reply: "الرد", Message: "رسالتك",
		Send: "إرسال", Rating: "كيف كانت خدمتنا؟", Comment: "هل تود إضافة شيء؟ (اختياري)", Statuses: statusNames("جديد", "قيد المعالجة", "بانتظار ردك", "تم الحل", "مغلق"),
		Scores: []string{"ممتاز", "جيد", "مقبول", "سيئ", "سيئ جدًا"}, Opened: "تم فتح الطلب.", Moved: "الحالة:",
		Merged: "تم دمج هذا الطلب مع طلب آخر. إذا كتبت هنا فسيستمر بمفرده.", RatedLine: "تقييمك:", Team: "الدعم", You: "أنت",
		Sent: "شكرًا، تم إرسال رسالتك.", Thanks: "شكرًا على تقييمك!", Absent: "لم يعد هذا الرابط صالحًا. اطلب منا رابطًا جديدًا.",
		Empty: "يرجى كتابة شيء.", TooLong: "النص طويل جدًا.", Choose: "يرجى اختيار تقييم.", Closed: "هذا الطلب مغلق. تواصل معنا لفتح طلب جديد.",
		Files: "إضافة ملفات", Remove: "إزالة", TooLarge: "هذا الملف كبير جدًا.", TooMany: "عدد الملفات كبير جدًا.", NotSent: "تعذّر إرسال ملف. حاول مرة أخرى.",
	}
}
